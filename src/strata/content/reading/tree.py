"""What lies in a folder of a snapshot, page by page (02 §D)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.blobs import pointer as pointers
from strata.blobs.pointer import MAX_POINTER_BYTES, Pointer
from strata.blobs.present import large_files
from strata.content.reading.files import entry_at, may_be_pointer
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.core.errors import EntryNotFound, Malformed, TooLarge
from strata.core.names import Oid
from strata.lib.git import read as git
from strata.lib.git.model import CommitFacts, Entry
from strata.repos.record import Repo

PAGE = 1000
PAGE_WITH_COMMITS = 50  # finding the last commit of a file walks history
MAX_PATHS = 1000
_SHA1_MASK = "*" * 40
_SHA256_MASK = "*" * 64


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry as listings show it."""

    path: str  # from the root of the repo
    kind: Literal["file", "directory", "submodule"]
    oid: str  # git object
    size: int  # bytes of the real file; 0 for a folder
    pointer: Pointer | None  # large files
    pointer_size: int  # bytes of the git blob
    xet_hash: str | None
    last_commit: CommitFacts | None  # only when asked for


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries and where the next ones begin."""

    entries: list[Listed]
    cursor: str | None


def listing(  # noqa: PLR0913 — keyword-only switches of one listing
    call: Call,
    snapshot: Snapshot,
    folder: str = "",
    *,
    recursive: bool = False,
    expand: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page:
    """List a folder in git's order; recursively each folder stands before its contents.

    Args:
        expand: find the last commit of each entry.
        limit: at most this many; never more than a page.

    Raises:
        EntryNotFound: no such folder; carries the commit.
        Malformed: a cursor that no page gave.
    """
    size = _page_size(limit, expand=expand)
    after = _after(cursor)
    try:
        entries = git.list_tree(
            snapshot.git_path,
            snapshot.commit,
            folder.strip("/"),
            recursive=recursive,
            after=after,
            limit=size + 1,
        )
    except git.PathMissing as missing:
        raise EntryNotFound(commit=snapshot.commit) from missing
    more = len(entries) > size
    following = _cursor(entries[size - 1].path) if more else None
    described = _described(call, snapshot, entries[:size], expand=expand)
    return Page(masked(call, snapshot.repo, described), following)


def all_files(call: Call, snapshot: Snapshot) -> list[Listed]:
    """Every file of the snapshot, in git's order, without folders; nothing is masked.

    For what the hub itself works out of a commit: whoever shows it passes it through `masked`.
    """
    entries = git.list_tree(snapshot.git_path, snapshot.commit, recursive=True)
    files = [entry for entry in entries if entry.kind == "file"]
    return _described(call, snapshot, files, expand=False)


def paths_info(
    call: Call, snapshot: Snapshot, paths: Sequence[str], *, expand: bool = False
) -> list[Listed]:
    """Describe those of the paths that exist, in the order asked.

    Raises:
        TooLarge: more than `MAX_PATHS` at once; clients know the text.
    """
    if len(paths) > MAX_PATHS:
        raise TooLarge("too many parameters")
    found = [entry_at(snapshot, path.strip("/")) for path in paths if path.strip("/")]
    described = _described(call, snapshot, [entry for entry in found if entry], expand=expand)
    return masked(call, snapshot.repo, described)


def masked(call: Call, repo: Repo, entries: Sequence[Listed]) -> list[Listed]:
    """Hide what names the bytes of large files from those whom a gate keeps out.

    Their sha256 and Xet hash, and the git object of the pointer, which can be computed from the
    sha256: none of them shall help anybody to prove or fetch what a file holds.
    """
    if admits(call, Action.READ, repo):
        return list(entries)
    return [_without_hashes(entry) for entry in entries]


def _without_hashes(entry: Listed) -> Listed:
    if entry.pointer is None:
        return entry
    return replace(
        entry,
        oid=_SHA1_MASK,
        pointer=replace(entry.pointer, oid=Oid(_SHA256_MASK)),
        xet_hash=_SHA256_MASK if entry.xet_hash else None,
    )


def folder_size(snapshot: Snapshot, folder: str) -> int:
    """Sum the real sizes of the files below a folder.

    Raises:
        EntryNotFound: no such folder; carries the commit.
    """
    try:
        entries = git.list_tree(
            snapshot.git_path, snapshot.commit, folder.strip("/"), recursive=True
        )
    except git.PathMissing as missing:
        raise EntryNotFound(commit=snapshot.commit) from missing
    large = _pointers(snapshot, entries)
    return sum(large[e.oid].size if e.oid in large else e.size for e in entries)


def _page_size(limit: int | None, *, expand: bool) -> int:
    most = PAGE_WITH_COMMITS if expand else PAGE
    return most if limit is None else max(1, min(limit, most))


def _described(
    call: Call, snapshot: Snapshot, entries: Sequence[Entry], *, expand: bool
) -> list[Listed]:
    """Add what git does not know, in bulk."""
    large = _pointers(snapshot, entries)
    known = large_files(call, snapshot.repo, {p.oid for p in large.values()}) if large else {}
    paths = [entry.path for entry in entries]
    commits = git.last_commits(snapshot.git_path, snapshot.commit, paths) if expand else {}
    described = []
    for entry in entries:
        pointer = large.get(entry.oid)
        place = known.get(pointer.oid) if pointer else None
        described.append(
            Listed(
                path=entry.path,
                kind=entry.kind,
                oid=entry.oid,
                size=pointer.size if pointer else entry.size,
                pointer=pointer,
                pointer_size=entry.size,
                xet_hash=place.xet_hash if place else None,
                last_commit=commits.get(entry.path),
            )
        )
    return described


def _pointers(snapshot: Snapshot, entries: Sequence[Entry]) -> dict[str, Pointer]:
    """The pointers among the entries, by git blob."""
    small = {e.oid for e in entries if e.kind == "file" and may_be_pointer(e.size)}
    if not small:
        return {}
    texts = git.read_blobs(snapshot.git_path, small, MAX_POINTER_BYTES)
    parsed = {oid: pointers.parse(text) for oid, text in texts.items()}
    return {oid: pointer for oid, pointer in parsed.items() if pointer is not None}


def _cursor(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode("utf-8", "surrogateescape")).decode()


def _after(cursor: str | None) -> str | None:
    if not cursor:
        return None
    try:
        return base64.b64decode(cursor, b"-_", validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError) as error:
        raise Malformed("Invalid cursor: take the one that the Link header gives.") from error
