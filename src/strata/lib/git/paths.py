"""Say which paths and names a tree may hold, so that every checkout can hold them too."""

import re
from functools import lru_cache

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME = 255
_MAX_PATH = 4096
_MAX_DEPTH = 256
# Characters HFS+ ignores when it compares names: ".g\u200cit" is ".git" there.
_IGNORED = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
# The short name Windows gives ".git", and its streams and trailing dots or spaces.
_DOT_GIT = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.IGNORECASE)


def path_problem(path: str) -> str | None:
    """Return what is wrong with a path inside a repo, as a clause, or None.

    Refused are empty, `.`, `..` and `.git` parts (also as HFS+ and NTFS would read them),
    backslashes, control characters, text that is not Unicode, parts over 255 bytes, paths
    over 4096 bytes or 256 parts.
    """
    if not path:
        return "is empty"
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if length > _MAX_PATH:
        return f"is longer than {_MAX_PATH} bytes"
    if path.count("/") >= _MAX_DEPTH:
        return f"is deeper than {_MAX_DEPTH} folders"
    return _parts_problem(path)


@lru_cache(maxsize=4096)  # each path of a commit is judged at the door and again in the tree
def _parts_problem(path: str) -> str | None:
    problems = (name_problem(name) for name in path.split("/"))
    return next((problem for problem in problems if problem), None)


def name_problem(name: str) -> str | None:
    """Return what is wrong with one part of a path, as a clause, or None."""
    if name in ("", ".", ".."):
        return f"holds the part {name!r}"
    if _CONTROL.search(name):
        return "holds a control character"
    if "\\" in name:
        return "holds a backslash"
    if _DOT_GIT.fullmatch(name.translate(_IGNORED)):
        return "holds a part that means .git"
    if len(name.encode("utf-8", "surrogateescape")) > _MAX_NAME:
        return f"holds a part longer than {_MAX_NAME} bytes"
    return None
