"""The seam between the hub and the place where large bytes live.

Keys are given by callers and name their content (`lfs/ab/cd/<sha256>`), so an object never changes
once it is there: a store may keep the first of two equal objects, and caches need no invalidation.
Three implementations stand behind the seam (memory, local disk, S3) and one conformance suite runs
over all of them. Everything here is synchronous: call it from worker threads.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

MAX_KEY_LENGTH = 512  # characters; S3 allows 1,024 bytes and a prefix may come before the key
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
PIECE_BYTES = 8 * 1024 * 1024  # bytes a `pieces` step holds in memory


class ObjectMissing(LookupError):
    """No object stands under this key, or no such upload is under way."""


class StoreFailed(OSError):
    """The store could not be reached or refused us; nothing is known of the object."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a store knows of an object without reading it."""

    key: str
    size: int  # bytes
    modified: datetime  # UTC, aware


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload as the client finished it."""

    number: int  # 1 to 10,000
    etag: str  # as the store answered it, quotes included or not


class ObjectStore(Protocol):
    """Where objects live.

    Every method raises `ValueError` for a malformed key and `StoreFailed` when the store is out of
    order.
    """

    def facts(self, key: str) -> ObjectFacts | None:
        """Look whether an object is there; None when it is not."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a range into memory; shorter than asked where the object ends.

        Raises:
            ObjectMissing: nothing stands under the key.
            ValueError: a negative start or length.
        """
        ...

    def local_path(self, key: str) -> Path | None:
        """Name the file that holds the object, for `sendfile`; None unless the store is local.

        Does not look whether the object is there.
        """
        ...

    def presigned_get(
        self,
        key: str,
        *,
        expires_s: int,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """Sign a URL that reads the object without us; None when the store has none.

        The answer to that URL carries `Content-Disposition` with `filename` and `content_type`.
        """
        ...

    def presigned_put(self, key: str, *, expires_s: int, size: int) -> str | None:
        """Sign a URL that writes exactly `size` bytes; None when the store has none."""
        ...

    def start_multipart(self, key: str) -> str | None:
        """Begin an upload in parts; its upload id, or None when the store has none."""
        ...

    def presigned_part(
        self, key: str, upload_id: str, number: int, *, expires_s: int, size: int
    ) -> str | None:
        """Sign a URL that writes part `number` (1 to 10,000) of exactly `size` bytes."""
        ...

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Join the parts into the object; the parts may come in any order.

        Raises:
            ObjectMissing: no such upload.
            ValueError: the store refuses the parts (missing, too small, wrong etag).
        """
        ...

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts; one that is not there is fine."""
        ...

    def put(self, key: str, source: Path | bytes, *, overwrite: bool = False) -> bool:
        """Keep an object durably; False when one was already there and was kept.

        A source file is consumed: moved into place when it lies on the store's filesystem (see
        `staging`), copied and removed otherwise; it is also removed when the answer is False. When
        this raises, the source stays and nothing half-written is visible.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        ...

    def keys(self, prefix: str = "") -> Iterator[ObjectFacts]:
        """List the objects below a prefix of whole segments (`lfs`, `lfs/ab`), "" for all."""
        ...

    def staging(self) -> Path:
        """Name the directory for files that are not finished; `put` moves them from there."""
        ...


def checked_key(key: str) -> str:
    """Return the key unchanged when it is safe as a path and as an S3 key.

    Raises:
        ValueError: empty or dotted segments, foreign characters, too long.
    """
    if len(key) > MAX_KEY_LENGTH or not all(map(_SEGMENT.fullmatch, key.split("/"))):
        raise ValueError(f"not an object key: {key[:80]!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """Return the prefix without a trailing slash when its segments are keys' segments.

    Raises:
        ValueError: as for `checked_key`.
    """
    bare = prefix.removesuffix("/")
    return checked_key(bare) if bare else ""


def checked_range(start: int, length: int | None) -> None:
    """Refuse ranges that no store can read.

    Raises:
        ValueError: a negative start or length.
    """
    if start < 0 or (length is not None and length < 0):
        raise ValueError(f"not a range: start {start}, length {length}")


def pieces(
    store: ObjectStore, key: str, start: int = 0, length: int | None = None
) -> Iterator[bytes]:
    """Read an object piece by piece, at most `PIECE_BYTES` in memory at a time.

    Raises:
        ObjectMissing: nothing stands under the key.
    """
    position = start
    remaining = length
    while remaining is None or remaining > 0:
        wanted = PIECE_BYTES if remaining is None else min(PIECE_BYTES, remaining)
        piece = store.read(key, position, wanted)
        if piece:
            yield piece
        if len(piece) < wanted:
            return
        position += len(piece)
        remaining = None if remaining is None else remaining - len(piece)
