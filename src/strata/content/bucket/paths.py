"""What a file in a bucket may be called, and how names sort.

Names sort by their bytes, which for UTF-8 is the order of code points: the same here, on SQLite and
on PostgreSQL (`lib.db.columns.Bytewise`). So a page of a listing is a range of an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_PATH_BYTES: Final = 1024
FIRST: Final = "\x01"  # sorts before every character that a name may hold
LAST: Final = "\U0010ffff"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def problem_of(path: str) -> str | None:
    """Why no file may be called so, as the end of a sentence; None when it may."""
    if _CONTROL.search(path):
        return "holds a character that cannot be kept"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"has more than {MAX_PATH_BYTES} bytes"
    if "\\" in path:
        return "holds a backslash, which some systems take for a slash"
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        return "has an empty part, or one that is only dots"
    return None


def folders_above(path: str) -> Iterator[str]:
    """Every folder that a file lies in, the outermost first."""
    names = path.split("/")
    return ("/".join(names[:depth]) for depth in range(1, len(names)))


def behind(path: str) -> str:
    """Where names go on after this one."""
    return path + FIRST


def behind_folder(folder: str) -> str:
    """Where names go on after all that lies in a folder."""
    return folder + chr(ord("/") + 1)


def end_of(prefix: str) -> str | None:
    """The first name behind all that begin with `prefix`; None when there can be none."""
    stem = prefix.rstrip(LAST)
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)


def folder_below(prefix: str, path: str) -> str | None:
    """The folder one level below `prefix` that holds a file; None when the file is that near.

    `prefix` is a beginning, not a folder: below `logs` are `logs.json`, and `logs/new` for
    `logs/new/1.txt`.
    """
    start = len(prefix)
    if prefix and path[start : start + 1] == "/":
        start += 1
    slash = path.find("/", start)
    return None if slash < 0 else path[:slash]
