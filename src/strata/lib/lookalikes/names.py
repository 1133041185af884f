"""What an ASCII name looks like: two names with one skeleton are easily taken for each other.

Five steps, and no more, so that ordinary names stay apart (`anna` and `ana`, `bob1` and `bob2`,
`maria` and `marla`):

1. an upper-case `I` and the digit `1` become `l`; a lower-case `i` has its dot and stays;
2. everything is lower case, and `0` becomes `o`;
3. `rn` becomes `m`, `vv` becomes `w`;
4. dashes, dots and underscores fall away, except between two digits (`v1-1` is not `v11`).

It is the idea of Unicode Technical Standard 39, section 4, for the letters that names here have.
"""

from __future__ import annotations

import re
from typing import Final

_ALIKE: Final = str.maketrans({"I": "l", "1": "l", "0": "o"})
_JOINTS: Final = re.compile(r"(?<![0-9])[-._]+|[-._]+(?![0-9])")


def skeleton(name: str) -> str:
    """The skeleton of a name in the casing in which it is shown; names are ASCII."""
    joined = _JOINTS.sub("\0", name)
    drawn = joined.translate(_ALIKE).lower().replace("rn", "m").replace("vv", "w")
    return drawn.replace("\0", "")
