"""A unified diff, cut into files and numbered lines.

What git prints is data: a line's text is shown, never believed. Files come from the raw listing,
so a name with strange characters is right even where the diff quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from strata.blobs import pointer as pointers
from strata.blobs.pointer import Pointer
from strata.content.snapshot import Snapshot
from strata.lib.git import read as git
from strata.lib.git.model import Change

MAX_BYTES: Final = 1024 * 1024  # of diff text on one page
MAX_FILES: Final = 300  # shown with their lines
MAX_LINES: Final = 1500  # of one file
_HUNK: Final = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
_SECTION: Final = re.compile(r"^(?=diff --git )", re.MULTILINE)

LineKind = Literal["same", "added", "removed", "hunk", "note"]
_KINDS: Final[dict[str, LineKind]] = {" ": "same", "+": "added", "-": "removed", "\\": "note"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff; a side that does not have it has no number."""

    kind: LineKind
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What happened to one file."""

    change: Change
    lines: tuple[Line, ...] = ()
    added: int = 0
    removed: int = 0
    shown: bool = True  # False: too long for a page
    binary: bool = False
    old_large: Pointer | None = None  # the file was, or is, a large one
    new_large: Pointer | None = None

    @property
    def is_large(self) -> bool:
        return self.old_large is not None or self.new_large is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed between two commits."""

    files: tuple[FileDiff, ...]
    total: int  # files; some may be left out
    added: int
    removed: int


def difference(at: Snapshot, base: str | None) -> Difference:
    """Compare a commit (None: nothing) with a snapshot, as much of it as a page can show."""
    changes = git.diff_raw(at.git_path, base, at.commit)
    text = git.diff_text(at.git_path, base, at.commit, MAX_BYTES).text
    files = tuple(_matched(changes[:MAX_FILES], text))
    return Difference(
        files,
        len(changes),
        sum(file.added for file in files),
        sum(file.removed for file in files),
    )


def parsed(change: Change, section: str) -> FileDiff:
    """Read one file's part of a unified diff."""
    header, _, body = section.partition("\n@@ ")
    if not body:
        return FileDiff(change, binary="\nBinary files " in header)
    lines = tuple(_numbered(f"@@ {body}".removesuffix("\n").split("\n")))
    old, new = (_pointer(lines, kinds) for kinds in (("same", "removed"), ("same", "added")))
    if old is not None or new is not None:
        return FileDiff(change, old_large=old, new_large=new)  # lines of a pointer tell nobody much
    added = sum(line.kind == "added" for line in lines)
    removed = sum(line.kind == "removed" for line in lines)
    return FileDiff(
        change,
        lines=lines[:MAX_LINES],
        added=added,
        removed=removed,
        shown=len(lines) <= MAX_LINES,
    )


def _matched(changes: Sequence[Change], text: str) -> Iterator[FileDiff]:
    """Pair the raw listing with the sections of the text; both have one order."""
    sections = iter([part for part in _SECTION.split(text) if part])
    waiting = next(sections, None)
    for change in changes:
        if waiting is None or not _speaks_of(waiting, change):
            yield FileDiff(change, shown=False)
            continue
        yield parsed(change, waiting)
        waiting = next(sections, None)


def _speaks_of(section: str, change: Change) -> bool:
    head = section.partition("\n")[0]
    return head == f"diff --git a/{change.path} b/{change.new_path}" or '"' in head


def _numbered(texts: Iterable[str]) -> Iterator[Line]:
    old = new = 0
    for text in texts:
        hunk = _HUNK.match(text)
        if hunk is not None:
            old, new = int(hunk[1]), int(hunk[2])
            yield Line("hunk", text)
            continue
        kind = _KINDS.get(text[:1], "same")
        has_old, has_new = kind in ("same", "removed"), kind in ("same", "added")
        yield Line(kind, text[1:], old if has_old else None, new if has_new else None)
        old, new = old + has_old, new + has_new


def _pointer(lines: Sequence[Line], kinds: Sequence[str]) -> Pointer | None:
    """The pointer that one side of a short diff spells out, if it does."""
    side = [line.text for line in lines[:20] if line.kind in kinds]
    return pointers.parse("\n".join([*side, ""]).encode()) if side else None
