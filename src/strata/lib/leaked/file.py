"""Look a SHA-1 up in a list of leaked passwords on disk, without reading the list.

The list is what haveibeenpwned.com offers: one file of sorted lines `SHA1:COUNT`, or a folder of
one file for each first five digits (`0018A.txt`), whose lines are the other 35 digits. All lines
may hold only the first digits of a SHA-1, equally many and at least 16.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

SHORTEST: Final = 16  # hex digits of a line that means one password
_PREFIX: Final = 5
_LINE: Final = 128  # bytes; longer ones are none of ours


def holds(path: Path, digest: str) -> bool:
    """Whether a list holds a SHA-1.

    Args:
        digest: 40 upper-case hex digits.

    Raises:
        OSError: the list cannot be read.
    """
    if not path.is_dir():
        return _found(path, digest)
    part = path / f"{digest[:_PREFIX]}.txt"
    # A folder without this file lacks a part; that there is no such password would be a guess.
    return _found(part, digest[_PREFIX:])


def _found(path: Path, wanted: str) -> bool:
    with path.open("rb") as file:
        line = _last_not_after(file, wanted)
        return len(line) >= SHORTEST and wanted.startswith(line)


def _last_not_after(file: BinaryIO, wanted: str) -> str:
    """The digits of the last line that does not come after `wanted`; empty when all do."""
    low, high, best = 0, file.seek(0, os.SEEK_END), ""
    while low < high:  # lines that begin before `low` come before, those from `high` on after
        middle = (low + high) // 2
        start, line = _line_at(file, middle)
        if start < high and line <= wanted:
            best, low = line, file.tell()
        else:
            high = middle
    return best


def _line_at(file: BinaryIO, offset: int) -> tuple[int, str]:
    """Where the first line that begins at or after `offset` begins, and its digits."""
    file.seek(max(offset - 1, 0))
    if offset > 0:
        file.readline(_LINE)  # to the end of the line before
    start = file.tell()
    digits = file.readline(_LINE).partition(b":")[0].strip()
    return start, digits.decode("ascii", "replace").upper()
