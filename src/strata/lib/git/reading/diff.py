"""Compare two trees: what changed, raw or as text."""

from typing import Literal, cast

import pygit2
from pygit2.enums import DiffFind

from strata.lib.git.model import SUBMODULE, ZERO, Change, DiffText
from strata.lib.git.reading.effort import MOST_COMPARED
from strata.lib.git.store import reads, tree_of

_TEXT_LIMIT = 4 << 20
_FILE_LIMIT = 1 << 20
_RENAME_LIMIT = 500

Status = Literal["A", "D", "M", "R", "C", "T"]


@reads
def diff_raw(repo: pygit2.Repository, old: str | None, new: str) -> list[Change]:
    """List what differs between two commits or trees; `old` None stands for an empty tree.

    Raises:
        ObjectMissing: one side is absent.
    """
    return [_change(delta) for delta in _compare(repo, old, new).deltas]


@reads
def diff_text(
    repo: pygit2.Repository, old: str | None, new: str, max_bytes: int = _TEXT_LIMIT
) -> DiffText:
    """Return the unified diff of two commits or trees, cut in front of the file that exceeds it.

    A file larger than 1 MiB on either side is named but not compared, like a binary one.

    Raises:
        ObjectMissing: one side is absent.
    """
    diff = _compare(repo, old, new)
    text = bytearray()
    for index, delta in enumerate(diff.deltas):
        piece = _piece(repo, diff, index, delta)
        if len(text) + len(piece) > max_bytes:
            return DiffText(text.decode("utf-8", "replace"), truncated=True)
        text += piece
    return DiffText(text.decode("utf-8", "replace"), truncated=False)


def _compare(repo: pygit2.Repository, old: str | None, new: str) -> pygit2.Diff:
    after = tree_of(repo, new)
    before = None if old is None else tree_of(repo, old)
    diff = before.diff_to_tree(after) if before else after.diff_to_tree(swap=True)
    # Comparing contents pair by pair would take for ever.
    if len(diff) > _RENAME_LIMIT or _moved_bytes(repo, diff) > MOST_COMPARED:
        diff.find_similar(DiffFind.FIND_RENAMES | DiffFind.FIND_EXACT_MATCH_ONLY)
    else:
        diff.find_similar(rename_limit=_RENAME_LIMIT)
    return diff


def _moved_bytes(repo: pygit2.Repository, diff: pygit2.Diff) -> int:
    """Return the bytes of the files that came or went: those that may have been renamed."""
    sides = [
        delta.new_file if delta.status_char() == "A" else delta.old_file
        for delta in diff.deltas
        if delta.status_char() in "AD"
    ]
    return sum(repo.odb.read_header(side.id)[1] for side in sides if int(side.mode) != SUBMODULE)


def _change(delta: pygit2.DiffDelta) -> Change:
    old, new = delta.old_file, delta.new_file
    status = cast("Status", delta.status_char())
    return Change(
        status=status,
        path=_text(old.raw_path),
        new_path=_text(new.raw_path),
        old_mode=0 if status == "A" else int(old.mode),
        new_mode=0 if status == "D" else int(new.mode),
        old_oid=ZERO if status == "A" else str(old.id),
        new_oid=ZERO if status == "D" else str(new.id),
        similarity=delta.similarity if status in ("R", "C") else 0,
    )


def _piece(
    repo: pygit2.Repository, diff: pygit2.Diff, index: int, delta: pygit2.DiffDelta
) -> bytes:
    if any(_is_large(repo, side) for side in (delta.old_file, delta.new_file)):
        old, new = delta.old_file.raw_path, delta.new_file.raw_path
        names = b"a/" + old + b" b/" + new
        differ = b"Binary files a/" + old + b" and b/" + new + b" differ\n"
        return b"diff --git " + names + b"\n" + differ
    patch = diff[index]
    return b"" if patch is None else bytes(patch.data)


def _is_large(repo: pygit2.Repository, side: pygit2.DiffFile) -> bool:
    if int(side.mode) in (0, SUBMODULE):
        return False
    return repo.odb.read_header(side.id)[1] > _FILE_LIMIT


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
