"""What differs between two revisions (02 §E, `compare`)."""

from __future__ import annotations

from collections.abc import Sequence

from strata.content.snapshot import Snapshot, snapshot_of
from strata.core.call import Call
from strata.core.errors import Malformed, TooLarge
from strata.core.names import RepoId, Sha
from strata.lib.git import read as git
from strata.lib.git.model import ZERO, Change
from strata.repos.lookup import lookup

MAX_TEXT_BYTES = 32 * 1024 * 1024
_SNIFFED_BYTES = 1024 * 1024  # larger blobs count as binary


def compare(call: Call, repo_id: RepoId, spec: str, *, raw: bool = False) -> str:
    """Compare `a..b`, or `a...b`: what b did since it left a.

    Args:
        raw: one line per file instead of a unified diff.

    Raises:
        RepoNotFound, Moved, RevisionNotFound: as `content.snapshot`.
        Malformed: not two revisions.
        TooLarge: the unified diff is too long; `raw` is not.
    """
    repo = lookup(call, repo_id)
    since_fork = "..." in spec
    left, dots, right = spec.partition("..." if since_fork else "..")
    if not dots:
        raise Malformed("Compare two revisions as `a..b` or `a...b`.")
    old = snapshot_of(call, repo, left or "main")
    new = snapshot_of(call, repo, right or "main")
    base = _fork(old, new) if since_fork else old.commit
    return raw_diff(new, base) if raw else text_diff(new, base)


def text_diff(snapshot: Snapshot, base: str | None, most: int = MAX_TEXT_BYTES) -> str:
    """The unified diff from a commit (None: from nothing) to a snapshot.

    Raises:
        TooLarge: longer than `most` bytes.
    """
    diff = git.diff_text(snapshot.git_path, base, snapshot.commit, most)
    if diff.truncated:
        raise TooLarge(f"The difference is longer than {most} bytes. Ask for it with raw=true.")
    return diff.text


def raw_diff(snapshot: Snapshot, base: str | None) -> str:
    r"""One line per file: `<T|B> <size>\t:` and then what `git diff --raw` prints.

    hf-hub's diff.rs parses it. Size and kind are of the new side, or of the old one when the file
    is gone.
    """
    changes = git.diff_raw(snapshot.git_path, base, snapshot.commit)
    texts = _texts(snapshot, changes)
    return "".join(_line(snapshot, change, texts) for change in changes)


def _fork(old: Snapshot, new: Snapshot) -> Sha | None:
    base = git.merge_base(new.git_path, old.commit, new.commit)
    return Sha(base) if base else None


def _shown(change: Change) -> str:
    return change.old_oid if change.new_oid == ZERO else change.new_oid


def _texts(snapshot: Snapshot, changes: Sequence[Change]) -> set[str]:
    """Those blobs that are text: small, and without a NUL byte at their beginning, as git says."""
    blobs = {_shown(change) for change in changes}
    text: set[str] = set()
    for oid in blobs:
        small = git.read_blobs(snapshot.git_path, [oid], _SNIFFED_BYTES)
        if oid in small and b"\0" not in small[oid][:8000]:
            text.add(oid)
    return text


def _line(snapshot: Snapshot, change: Change, texts: set[str]) -> str:
    oid = _shown(change)
    status = f"{change.status}{change.similarity:03d}" if change.status in "RC" else change.status
    paths = change.path if change.status not in "RC" else f"{change.path}\t{change.new_path}"
    return (
        f"{'T' if oid in texts else 'B'} {_size(snapshot, oid)}\t"
        f":{change.old_mode:06o} {change.new_mode:06o} {change.old_oid} {change.new_oid}"
        f" {status}\t{paths}\n"
    )


def _size(snapshot: Snapshot, oid: str) -> int:
    try:
        return git.blob_size(snapshot.git_path, oid)
    except git.ObjectMissing:  # a submodule's commit lives elsewhere
        return 0
