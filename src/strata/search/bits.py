"""The tags of a repo in one number, so that an index can say which repos cannot have a tag.

Each tag sets two of 64 bits. A repo without all bits of the tags that are asked for has not all of
these tags; one with them is looked up. The numbers are kept in the database (`repos.tag_bits`):
whoever changes how they come about makes them anew in a migration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

_WIDTH: Final = 64


def bits_of(tags: Iterable[str]) -> int:
    """The bits of some tags, as the signed number that a column holds.

    Args:
        tags: case-folded.
    """
    found = 0
    for tag in tags:
        for byte in hashlib.blake2b(tag.encode(), digest_size=2).digest():
            found |= 1 << byte % _WIDTH
    return found - (1 << _WIDTH) if found >> (_WIDTH - 1) else found
