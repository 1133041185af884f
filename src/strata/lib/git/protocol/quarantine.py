"""Take in the pack of a push without letting the repository see it before it was checked.

The pack lands in a folder of its own inside the store, whose objects borrow from the store's.
`promote` moves it in; a killed process leaves the folder, which `sweep` removes later.
"""

import asyncio
import shutil
import struct
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

from strata.lib.git.model import ZERO, GitFailed, NewBlob, ObjectMissing, StorePath
from strata.lib.git.paths import name_problem
from strata.lib.git.program import end, heard, place, run, spoken, start
from strata.lib.git.protocol.upload import TooLarge, feed
from strata.lib.git.reading.blobs import small_blobs
from strata.lib.git.reading.census import count_in, fullest_in
from strata.lib.git.reading.history import leads_to
from strata.lib.git.reading.tree import tree_lines
from strata.lib.git.store import oid_of
from strata.lib.git.upkeep.repack import QUARANTINES
from strata.lib.git.writing.packfile import index_names, install

MAX_OBJECTS = 5_000_000
_MAX_PATH = 4096
_LINGER_S = 1.0  # for the end of a body whose pack git has already
_LINGER_REFUSED_S = 30.0  # for what still comes of a pack that git does not want
_PACK_HEADER = struct.Struct(">4sII")


class PackRefused(ValueError):
    """A pack that is broken, incomplete, or holds what may not be in; the text says why."""


class Quarantine:
    """A pack that was taken in but is not part of the repository yet.

    Use it as a context manager: leaving without `promote` discards it. All but `check` is
    synchronous and for one thread at a time.
    """

    def __init__(self, store: Path, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._repo: pygit2.Repository | None = None
        self._notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    async def check(self, new_tips: Sequence[str], tips: Sequence[str]) -> tuple[NewBlob, ...]:
        """Make sure the new tips are complete, and return the blobs that they bring.

        `tips` are the shas that refs name already: what they reach counts as complete. Zeros
        among the new tips (deletions) are ignored.

        Raises:
            PackRefused: something is missing, or a new folder holds a name no checkout can.
        """
        return await asyncio.to_thread(self._checked, new_tips, tips)

    def read_blobs(self, oids: Iterable[str], max_size: int) -> dict[str, bytes]:
        """Return the blobs, new or old, of at most `max_size` bytes."""
        return small_blobs(self._opened(), oids, max_size)

    def notes(self) -> Iterator[tuple[str, bytes]]:
        """Yield the commits and tags that `check` found to be new: what people wrote there."""
        odb = self._opened().odb
        for oid in self._notes:
            yield oid, odb.read(pygit2.Oid(hex=oid))[1]

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Tell whether a push from one commit to the other would be a fast-forward.

        Raises:
            ObjectMissing: one of the commits is absent.
        """
        try:
            return leads_to(self._opened(), ancestor, descendant)
        except KeyError as failure:
            raise ObjectMissing(f"not in this repository: {failure}") from failure

    def peel_to_commit(self, oid: str) -> str | None:
        """Return the commit an object is or, as a tag, points at; None when it is neither."""
        try:
            return str(self._opened()[oid_of(oid)].peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError, ObjectMissing):
            return None

    def kind_of(self, oid: str) -> str | None:
        """Return "commit", "tree", "blob" or "tag"; None when the object is absent."""
        try:
            kind, _ = self._opened().odb.read_header(oid_of(oid))
        except (KeyError, ObjectMissing):
            return None
        return ObjectType(kind).name.lower()

    def count_files(self, revision: str) -> int:
        """Count the files of a commit, new or old, as `lib.git.reading.census` does."""
        return count_in(self._opened(), revision)

    def fullest_folder(
        self, revision: str, before: str | None, limit: int
    ) -> tuple[str, int] | None:
        """Find a folder that grew beyond `limit`, as `lib.git.reading.census` does."""
        return fullest_in(self._opened(), revision, before, limit)

    def promote(self) -> None:
        """Move the pack into the repository; it is on the disk when this returns."""
        self._repo = None
        target = self._store / "objects" / "pack"
        for index in (self._folder / "objects" / "pack").glob("pack-*.idx"):
            if index_names(index) and not (target / index.name).exists():
                install(target, index.with_suffix(".pack"), index, index.stem)
        self.discard()

    def discard(self) -> None:
        """Remove the quarantine with everything in it."""
        self._repo = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _checked(self, new_tips: Sequence[str], tips: Sequence[str]) -> tuple[NewBlob, ...]:
        wanted = [tip for tip in new_tips if tip != ZERO]
        asked = "".join([*(f"{tip}\n" for tip in wanted), *(f"^{tip}\n" for tip in tips)]).encode()
        words = ("rev-list", "--objects", "--stdin")
        try:
            listed = run(words, self._store, asked, _borrowing(self._store, self._folder))
        except GitFailed as failure:
            raise PackRefused(f"the pack is not complete: {failure}") from failure
        return tuple(_blobs(self._opened(), listed, self._notes))

    def _opened(self) -> pygit2.Repository:
        if self._repo is None:
            self._repo = pygit2.Repository(str(self._store), RepositoryOpenFlag.BARE)
            self._repo.odb.add_disk_alternate(str(self._folder / "objects"))
        return self._repo


def _blobs(repo: pygit2.Repository, listed: bytes, notes: list[str]) -> Iterable[NewBlob]:
    """Yield the blobs among `oid path` lines; look at the names in the trees among them.

    Args:
        notes: takes the commits and tags among them.
    """
    accepted: set[bytes] = set()
    odb = repo.odb
    for line in listed.splitlines():
        oid, _, path = line.partition(b" ")
        if len(path) > _MAX_PATH:
            raise PackRefused(f"a path is longer than {_MAX_PATH} bytes")
        kind, size = odb.read_header(pygit2.Oid(hex=oid.decode()))
        if kind == ObjectType.BLOB:
            yield NewBlob(oid.decode(), size, path.decode("utf-8", "replace"))
        elif kind == ObjectType.TREE:
            _, raw = odb.read(pygit2.Oid(hex=oid.decode()))
            _accept_names((name for _, name, _ in tree_lines(raw)), accepted)
        else:
            notes.append(oid.decode())


def _accept_names(names: Iterable[bytes], accepted: set[bytes]) -> None:
    for name in names:
        if name in accepted:
            continue
        try:
            problem = name_problem(name.decode())
        except UnicodeDecodeError:
            problem = "is not valid UTF-8"
        if problem is not None:
            raise PackRefused(f"the name {name.decode('utf-8', 'replace')!r} {problem}")
        accepted.add(name)


async def ingest_pack(
    path: StorePath,
    pack: AsyncIterable[bytes],
    max_bytes: int,
    max_objects: int = MAX_OBJECTS,
) -> Quarantine:
    """Take in the pack of a push; every object in it is parsed and checked by git's fsck.

    Raises:
        PackRefused: it is no pack, or one that git refuses.
        TooLarge: it has more than `max_bytes` or `max_objects`.
    """
    store = place(path)
    folder = await asyncio.to_thread(_furnish, store)
    quarantine = Quarantine(store, folder)
    try:
        await _index(store, folder, _bounded(pack, max_bytes, max_objects))
    except BaseException:
        quarantine.discard()
        raise
    return quarantine


def _furnish(store: Path) -> Path:
    (store / QUARANTINES).mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="push-", dir=store / QUARANTINES))
    (folder / "objects" / "pack").mkdir(parents=True)
    return folder


async def _index(store: Path, folder: Path, pack: AsyncIterable[bytes]) -> None:
    """Run the pack through `git index-pack`, which resolves deltas and checks each object."""
    words = ("index-pack", "--stdin", "--fix-thin", "--strict")
    process = await start(words, store, _borrowing(store, folder))
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    hearing = asyncio.create_task(heard(process.stderr))
    draining = asyncio.create_task(process.stdout.read())
    try:
        await _fed(process, asyncio.create_task(feed(process.stdin, pack)))
        await draining
        stderr = await hearing
        if await process.wait() != 0:
            raise PackRefused(spoken(stderr) or "git refused the pack")
    finally:
        await end(process)
        await asyncio.gather(hearing, draining, return_exceptions=True)


async def _fed(process: asyncio.subprocess.Process, feeding: "asyncio.Task[None]") -> None:
    """Wait until git has the whole pack; not every client tells that nothing follows it."""
    ending = asyncio.create_task(process.wait())
    try:
        await asyncio.wait((feeding, ending), return_when=asyncio.FIRST_COMPLETED)
        if not feeding.done():
            patience = _LINGER_S if await ending == 0 else _LINGER_REFUSED_S
            await asyncio.wait((feeding,), timeout=patience)
        if feeding.done():
            feeding.result()
    finally:
        ending.cancel()
        feeding.cancel()
        await asyncio.gather(ending, feeding, return_exceptions=True)


def _borrowing(store: Path, folder: Path) -> dict[str, str]:
    """Let git write to the quarantine while it reads from the store as well."""
    return {
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(store / "objects"),
        "GIT_QUARANTINE_PATH": str(folder / "objects"),
    }


async def _bounded(
    pack: AsyncIterable[bytes], max_bytes: int, max_objects: int
) -> AsyncIterator[bytes]:
    """Pass a pack on while it is small enough; its header says how many objects come."""
    head = bytearray()
    received = 0
    async for piece in pack:
        received += len(piece)
        if received > max_bytes:
            raise TooLarge(f"the push is larger than {max_bytes} bytes")
        if len(head) >= _PACK_HEADER.size:
            yield piece
            continue
        head += piece
        if len(head) >= _PACK_HEADER.size:
            _accept_header(bytes(head[: _PACK_HEADER.size]), max_objects)
            yield bytes(head)
    if len(head) < _PACK_HEADER.size:
        raise PackRefused("the pack ends before it began")


def _accept_header(head: bytes, max_objects: int) -> None:
    magic, version, count = _PACK_HEADER.unpack(head)
    if magic != b"PACK" or version not in (2, 3):
        raise PackRefused("what follows the commands is not a pack")
    if count > max_objects:
        raise TooLarge(f"the push has more than {max_objects} objects")
