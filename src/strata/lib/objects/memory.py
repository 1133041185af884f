"""Objects in this process's memory: for tests and demonstrations, gone when it ends."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from strata.lib.objects.store import (
    ObjectFacts,
    ObjectMissing,
    Part,
    checked_key,
    checked_prefix,
    checked_range,
)


class MemoryStore:
    """A store that forgets.

    Args:
        staging: an existing directory for files that are not finished.
        clock: the current time, aware.
    """

    def __init__(self, staging: Path, clock: Callable[[], datetime]) -> None:
        self._staging = staging
        self._clock = clock
        self._objects: dict[str, tuple[bytes, datetime]] = {}
        self._lock = threading.Lock()

    def facts(self, key: str) -> ObjectFacts | None:
        """Look whether an object is there; None when it is not."""
        found = self._objects.get(checked_key(key))
        return None if found is None else ObjectFacts(key, len(found[0]), found[1])

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a range; shorter than asked where the object ends."""
        checked_range(start, length)
        found = self._objects.get(checked_key(key))
        if found is None:
            raise ObjectMissing(key)
        return found[0][start:] if length is None else found[0][start : start + length]

    def local_path(self, key: str) -> Path | None:
        """Answer None: there is no file."""
        checked_key(key)
        return None

    def presigned_get(
        self,
        key: str,
        *,
        expires_s: int,  # noqa: ARG002 -- the seam's signature
        filename: str | None = None,  # noqa: ARG002 -- the seam's signature
        content_type: str | None = None,  # noqa: ARG002 -- the seam's signature
    ) -> str | None:
        """Answer None: nobody else can read this memory."""
        checked_key(key)
        return None

    def presigned_put(self, key: str, *, expires_s: int, size: int) -> str | None:  # noqa: ARG002 -- the seam's signature
        """Answer None: nobody else can write this memory."""
        checked_key(key)
        return None

    def start_multipart(self, key: str) -> str | None:
        """Answer None: uploads in parts need presigned URLs."""
        checked_key(key)
        return None

    def presigned_part(
        self,
        key: str,
        upload_id: str,  # noqa: ARG002 -- the seam's signature
        number: int,  # noqa: ARG002 -- the seam's signature
        *,
        expires_s: int,  # noqa: ARG002 -- the seam's signature
        size: int,  # noqa: ARG002 -- the seam's signature
    ) -> str | None:
        """Answer None: nobody else can write this memory."""
        checked_key(key)
        return None

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:  # noqa: ARG002 -- the seam's signature
        """Refuse: no upload in parts can be under way here."""
        raise ObjectMissing(f"no upload {upload_id} of {key}")

    def abort_multipart(self, key: str, upload_id: str) -> None:  # noqa: ARG002 -- the seam's signature
        """Do nothing: no upload in parts can be under way here."""
        checked_key(key)

    def put(self, key: str, source: Path | bytes, *, overwrite: bool = False) -> bool:
        """Keep an object; False when one was already there and was kept."""
        checked_key(key)
        content = source if isinstance(source, bytes) else source.read_bytes()
        with self._lock:
            kept = overwrite or key not in self._objects
            if kept:
                self._objects[key] = (content, self._clock())
        if isinstance(source, Path):
            source.unlink()
        return kept

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        with self._lock:
            self._objects.pop(checked_key(key), None)

    def keys(self, prefix: str = "") -> Iterator[ObjectFacts]:
        """List the objects below a prefix of whole segments."""
        below = checked_prefix(prefix)
        with self._lock:
            present = sorted(self._objects.items())
        for key, (content, modified) in present:
            if not below or key.startswith(below + "/"):
                yield ObjectFacts(key, len(content), modified)

    def staging(self) -> Path:
        """Name the directory for files that are not finished."""
        return self._staging
