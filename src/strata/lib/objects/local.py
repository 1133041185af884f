"""Objects as files below one directory, put in place atomically and made durable."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from strata.lib.objects.store import (
    ObjectFacts,
    ObjectMissing,
    Part,
    StoreFailed,
    checked_key,
    checked_prefix,
    checked_range,
)

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class LocalStore:
    """A store on a local or network filesystem.

    Objects stand below `root/objects`, unfinished files in `root/staging`: one filesystem, so that
    finishing is a rename.

    Args:
        root: made when it is not there.
        file_mode: permissions of finished objects; a front server may need the group's.
    """

    def __init__(self, root: Path, *, file_mode: int = 0o640) -> None:
        self._objects = root / "objects"
        self._staging = root / "staging"
        self._file_mode = file_mode
        for directory in (self._objects, self._staging):
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)

    def facts(self, key: str) -> ObjectFacts | None:
        """Look whether an object is there; None when it is not."""
        try:
            found = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _facts(key, found)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a range; shorter than asked where the object ends."""
        checked_range(start, length)
        try:
            with self._path(key).open("rb", buffering=0) as stored:
                size = os.fstat(stored.fileno()).st_size
                stop = size if length is None else min(size, start + length)
                return _read_fully(stored.fileno(), start, stop)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectMissing(key) from None

    def local_path(self, key: str) -> Path | None:
        """Name the file that holds the object."""
        return self._path(key)

    def presigned_get(
        self,
        key: str,
        *,
        expires_s: int,  # noqa: ARG002 -- the seam's signature
        filename: str | None = None,  # noqa: ARG002 -- the seam's signature
        content_type: str | None = None,  # noqa: ARG002 -- the seam's signature
    ) -> str | None:
        """Answer None: files are served by us."""
        checked_key(key)
        return None

    def presigned_put(self, key: str, *, expires_s: int, size: int) -> str | None:  # noqa: ARG002 -- the seam's signature
        """Answer None: files are received by us."""
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
        """Answer None: files are received by us."""
        checked_key(key)
        return None

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:  # noqa: ARG002 -- the seam's signature
        """Refuse: no upload in parts can be under way here."""
        raise ObjectMissing(f"no upload {upload_id} of {key}")

    def abort_multipart(self, key: str, upload_id: str) -> None:  # noqa: ARG002 -- the seam's signature
        """Do nothing: no upload in parts can be under way here."""
        checked_key(key)

    def put(self, key: str, source: Path | bytes, *, overwrite: bool = False) -> bool:
        """Keep an object durably; False when one was already there and was kept."""
        final = self._path(key)
        if not overwrite and final.exists():
            _consume(source)
            return False
        staged = self._staged(source)
        try:
            _settle(staged, self._file_mode)
            self._make_parents(final.parent)
            kept = _place(staged, final, overwrite=overwrite)
        except BaseException:
            if staged != source:
                staged.unlink(missing_ok=True)
            raise
        _sync_directory(final.parent)
        staged.unlink(missing_ok=True)
        _consume(source)
        return kept

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        try:
            self._path(key).unlink()
        except (FileNotFoundError, NotADirectoryError):
            return

    def keys(self, prefix: str = "") -> Iterator[ObjectFacts]:
        """List the objects below a prefix of whole segments."""
        below = checked_prefix(prefix)
        return _walk(self._objects / below, f"{below}/" if below else "")

    def staging(self) -> Path:
        """Name the directory for files that are not finished."""
        return self._staging

    def _path(self, key: str) -> Path:
        return self._objects / checked_key(key)

    def _staged(self, source: Path | bytes) -> Path:
        """Bring the source onto the store's filesystem; itself when it is there already."""
        if isinstance(source, Path) and source.stat().st_dev == self._staging.stat().st_dev:
            return source
        descriptor, name = tempfile.mkstemp(dir=self._staging)
        try:
            with os.fdopen(descriptor, "wb") as copy:
                if isinstance(source, bytes):
                    copy.write(source)
                else:
                    with source.open("rb") as original:
                        shutil.copyfileobj(original, copy, 1024 * 1024)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)

    def _make_parents(self, directory: Path) -> None:
        """Make the object's directories, each durable in its parent."""
        if directory.is_dir():
            return
        self._make_parents(directory.parent)
        try:
            directory.mkdir(mode=0o750, exist_ok=True)
        except FileExistsError:
            raise StoreFailed(errno.ENOTDIR, "a file stands in the way", str(directory)) from None
        _sync_directory(directory.parent)


def _facts(key: str, found: os.stat_result) -> ObjectFacts:
    return ObjectFacts(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _read_fully(descriptor: int, start: int, stop: int) -> bytes:
    """Read to `stop`: the kernel may answer less than asked, at most 2 GiB at once."""
    parts = []
    while start < stop:
        part = os.pread(descriptor, stop - start, start)
        if not part:
            break
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _settle(path: Path, mode: int) -> None:
    """Give the file its permissions and force its bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(staged: Path, final: Path, *, overwrite: bool) -> bool:
    """Give a finished file its name; False when the name is taken and stays so."""
    if overwrite:
        staged.replace(final)
        return True
    try:
        os.link(staged, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # Without hard links two equal objects may race; either is right, since keys name content.
        staged.rename(final)
    return True


def _sync_directory(directory: Path) -> None:
    """Make new names in the directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _consume(source: Path | bytes) -> None:
    if isinstance(source, Path):
        source.unlink(missing_ok=True)


def _walk(directory: Path, key_prefix: str) -> Iterator[ObjectFacts]:
    """Walk files in key order, one directory in memory at a time."""
    try:
        with os.scandir(directory) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        key = key_prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), key + "/")
            continue
        try:
            yield _facts(key, entry.stat(follow_symlinks=False))
        except FileNotFoundError:  # deleted while we looked
            continue
