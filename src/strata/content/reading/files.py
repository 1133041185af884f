"""One file of a snapshot, as clients know it: real size, real hash."""

from __future__ import annotations

from dataclasses import dataclass

from strata.blobs import pointer as pointers, queries
from strata.blobs.pointer import MAX_POINTER_BYTES, Pointer
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.core.errors import EntryNotFound
from strata.core.names import Sha
from strata.lib.git import read as git
from strata.lib.git.model import Entry

MIN_POINTER_BYTES = 100  # "version", "oid" and "size" lines alone are longer


@dataclass(frozen=True, slots=True)
class File:
    """A file at a commit."""

    path: str
    blob_oid: str  # git blob, of the pointer for a large file
    blob_size: int  # bytes of the git blob
    size: int  # bytes of the real file
    pointer: Pointer | None  # large files
    xet_hash: str | None  # 64 hex; large files that are kept as chunks
    stored: bool  # a large file that is kept as one object
    commit: Sha

    @property
    def etag(self) -> str:
        """What clients cache it under: sha256 of a large file, else the git blob's sha1."""
        return self.pointer.oid if self.pointer else self.blob_oid


def file_at(call: Call, snapshot: Snapshot, path: str, *, expand: bool = True) -> File:
    """Find a file.

    Args:
        expand: a large file's pointer stands for the file; otherwise it is a text like any other.

    Raises:
        EntryNotFound: no such file (a folder is none), or the repo was never given the bytes of
            this large file; carries the commit.
    """
    entry = entry_at(snapshot, path)
    if entry is None or entry.kind != "file":
        raise EntryNotFound(commit=snapshot.commit)
    pointer = _pointer(snapshot, entry) if expand else None
    held = queries.held(call, snapshot.repo.id, pointer.oid) if pointer else None
    if pointer is not None and held is None:
        raise EntryNotFound(commit=snapshot.commit)
    return File(
        path=path,
        blob_oid=entry.oid,
        blob_size=entry.size,
        size=pointer.size if pointer else entry.size,
        pointer=pointer,
        xet_hash=held.xet_hash if held else None,
        stored=held.stored if held else False,
        commit=snapshot.commit,
    )


def entry_at(snapshot: Snapshot, path: str) -> Entry | None:
    """What git has at a path."""
    return git.entry_at(snapshot.git_path, snapshot.commit, path)


def read_raw(snapshot: Snapshot, path: str, max_bytes: int) -> bytes | None:
    """The bytes that git has at a path; None when there is no file or it is larger."""
    entry = entry_at(snapshot, path)
    if entry is None or entry.kind != "file" or entry.size > max_bytes:
        return None
    return git.read_blob(snapshot.git_path, entry.oid)


def read_text(snapshot: Snapshot, path: str, max_bytes: int) -> str | None:
    """A small text that git itself holds; None when there is none or it is a large file."""
    content = read_raw(snapshot, path, max_bytes)
    if content is None or pointers.parse(content) is not None:
        return None
    return content.decode("utf-8", "replace")


def may_be_pointer(size: int) -> bool:
    """Whether a git blob of this size could be a pointer."""
    return MIN_POINTER_BYTES <= size <= MAX_POINTER_BYTES


def _pointer(snapshot: Snapshot, entry: Entry) -> Pointer | None:
    if not may_be_pointer(entry.size):
        return None
    return pointers.parse(git.read_blob(snapshot.git_path, entry.oid))
