"""What a client learns before it uploads: how to send each file, and what is there (02 §F1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.blobs.quota.room import (
    largest_file,
    require_room,
    require_room_for_sizes,
    shown,
    warning,
)
from strata.content.crowding import Stored, crowding
from strata.content.reading.files import read_text
from strata.content.reading.tree import Listed, paths_info
from strata.content.rights import require_push
from strata.content.snapshot import Snapshot
from strata.content.writing.attributes import IGNORE, MAX_TEXT_BYTES, read_attributes, read_ignore
from strata.content.writing.commit import branch_at
from strata.content.writing.intake import attributes_at
from strata.core.call import Call
from strata.core.errors import TooLarge, Unprocessable
from strata.core.names import RepoId, Sha

MAX_FILES = 1000
MAX_PATH = 4096  # characters
MAX_EFFORT = 50_000_000  # steps of judging all files; some seconds


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that a client is about to upload."""

    path: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a file shall come."""

    path: str
    large: bool  # through LFS or Xet
    ignored: bool
    oid: str | None  # of what is there: sha256 of a large file, sha1 of another


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The answer for all files, against one head."""

    head: Sha
    files: list[Verdict]
    warning: str = ""  # that the owner is nearly out of storage, or the repo of files


def preupload(  # noqa: PLR0913 — keyword-only fields of the wire
    call: Call,
    repo_id: RepoId,
    revision: str,
    files: Sequence[Planned],
    *,
    create_pr: bool = False,
    attributes: str | None = None,
    ignore: str | None = None,
) -> Verdicts:
    """Judge files that a client wants to upload.

    Args:
        create_pr: the upload will open a pull request, which every reader may.
        attributes: text that stands for the committed `.gitattributes`.
        ignore: text that stands for the committed `.gitignore`.

    Raises:
        RepoNotFound, Moved, RevisionNotFound: as `content.snapshot`.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        TooLarge: more than `MAX_FILES` at once, too many rules for so many deep paths, or a file
            that is larger than the plan of the repo's owner takes.
        OverQuota: that plan has no room for the files.
        Unprocessable: a path that is longer than any repo takes, or a size below 0.
    """
    base = branch_at(call, repo_id, revision)
    if create_pr:
        admit(call, Action.PROPOSE, base.repo)
    else:
        require_push(call, base.repo, base.ref or "")
    if len(files) > MAX_FILES:
        raise TooLarge(f"Ask for at most {MAX_FILES} files at once.")
    if any(len(file.path) > MAX_PATH for file in files):
        raise Unprocessable(f"A path may have at most {MAX_PATH} characters. Choose another name.")
    if any(file.size < 0 for file in files):
        raise Unprocessable("A file has no fewer than 0 bytes.")
    there = {entry.path: entry for entry in paths_info(call, base, [f.path for f in files])}
    verdicts = _judged(call, base, files, there, (attributes, ignore))
    _require_fitting(call, base, files, verdicts)
    _require_room_in_git(call, base, files, verdicts, there)
    return Verdicts(base.commit, verdicts, _warning(call, base))


def _warning(call: Call, base: Snapshot) -> str:
    """That the owner is nearly out of storage, or the repo of files."""
    full = warning(call, base.repo)
    return full or crowding(call, base.repo, Stored(base.git_path), base.commit)


def _require_fitting(
    call: Call, base: Snapshot, files: Sequence[Planned], verdicts: Sequence[Verdict]
) -> None:
    """Refuse an upload that cannot fit before its bytes are sent."""
    ceiling = largest_file(call, base.repo)
    for file in files:
        if file.size > ceiling:
            raise TooLarge(
                f"{file.path} has {shown(file.size)}; one file may have {shown(ceiling)}"
                f" in repositories of {base.repo.namespace}."
            )
    coming = [
        file.size
        for file, verdict in zip(files, verdicts, strict=True)
        if verdict.large and not verdict.ignored
    ]
    require_room_for_sizes(call, base.repo, coming)


def _require_room_in_git(
    call: Call,
    base: Snapshot,
    files: Sequence[Planned],
    verdicts: Sequence[Verdict],
    there: Mapping[str, Listed],
) -> None:
    """Refuse small files that cannot fit; one of the size that is there may be the same."""
    known = {path: entry.size for path, entry in there.items() if entry.kind == "file"}
    coming = [
        file.size
        for file, verdict in zip(files, verdicts, strict=True)
        if not verdict.large and not verdict.ignored and known.get(file.path) != file.size
    ]
    require_room(call, base.repo, sum(coming))


def _judged(
    call: Call,
    base: Snapshot,
    files: Sequence[Planned],
    there: Mapping[str, Listed],
    given: tuple[str | None, str | None],
) -> list[Verdict]:
    attributes, ignore = given
    if attributes is None:
        attributes = attributes_at(base.git_path, base.commit)
    if ignore is None:
        ignore = read_text(base, IGNORE, MAX_TEXT_BYTES) or ""
    rules, ignored = read_attributes(attributes), read_ignore(ignore)
    if sum(ignored.effort(file.path) for file in files) > MAX_EFFORT:
        raise TooLarge(
            "The ignore rules are too many for these paths. Ask for fewer files at once."
        )
    ceiling = call.hub.settings.limits.regular_file_bytes
    return [
        Verdict(
            path=file.path,
            large=rules.is_large(file.path) or file.size >= ceiling,
            ignored=ignored.ignores(file.path),
            oid=_oid(there.get(file.path)),
        )
        for file in files
    ]


def _oid(entry: Listed | None) -> str | None:
    if entry is None or entry.kind != "file":
        return None
    return entry.pointer.oid if entry.pointer else entry.oid
