"""Receive a body into a temporary file, hashing it while it arrives.

The loop collects pieces into blocks; one thread hashes and another writes them while the next ones
are read, so the transfer runs at the speed of sha256 alone.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK_BYTES = 1024 * 1024  # handed to the threads at once
MAX_BEHIND_BYTES = 8 * BLOCK_BYTES  # held in memory while threads are behind
SPOOL_PREFIX = "spool-"


class BodyTooLarge(ValueError):
    """The body is larger than the limit it was given."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body exceeds {limit} bytes")
        self.limit = limit  # bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A body that has arrived whole; the file belongs to whoever holds this value."""

    path: Path
    size: int  # bytes
    sha256: str | None  # hex; None when the spool did not hash

    def discard(self) -> None:
        """Remove the file; one already moved away is fine."""
        self.path.unlink(missing_ok=True)


class _Lane:
    """Blocks that wait for one kind of work, done in order, one thread at a time."""

    def __init__(self, work: Callable[[bytes], object]) -> None:
        self._work = work
        self._waiting: list[bytes] = []
        self._running: asyncio.Future[None] | None = None

    def add(self, block: bytes) -> None:
        self._waiting.append(block)
        if self._running is None or self._running.done():
            self._start()

    async def catch_up(self, at_most: int) -> None:
        """Wait until at most `at_most` bytes wait; raises what the work raised."""
        while self._running is not None and self._behind() > at_most:
            await asyncio.wait((self._running,))
            self._running.result()
            self._running = None
            if self._waiting:
                self._start()

    async def stop(self) -> None:
        """Forget what waits and let the running thread end."""
        self._waiting.clear()
        if self._running is not None:
            await asyncio.wait((self._running,))
            self._running.exception()

    def _behind(self) -> int:
        running = self._running is not None and not self._running.done()
        return sum(map(len, self._waiting)) + (1 if running else 0)

    def _start(self) -> None:
        blocks, self._waiting = self._waiting, []
        if self._running is not None:
            self._running.result()
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(None, self._run, blocks)

    def _run(self, blocks: list[bytes]) -> None:
        for block in blocks:
            self._work(block)


class Spool:
    """A temporary file that grows as a body arrives.

    Use as `async with Spool(store.staging(), limit=…) as spool`: leaving without `finish` removes
    the file.
    """

    def __init__(self, directory: Path, *, limit: int | None = None, hashed: bool = True) -> None:
        descriptor, name = tempfile.mkstemp(prefix=SPOOL_PREFIX, dir=directory)  # 0600
        self._descriptor: int | None = descriptor
        self._path = Path(name)
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []
        self._piece_bytes = 0
        self._digest = hashlib.sha256() if hashed else None
        self._lanes = [_Lane(self._write_out)]
        if self._digest is not None:
            self._lanes.append(_Lane(self._digest.update))

    async def write(self, piece: bytes) -> None:
        """Take the next piece; waits when threads are behind.

        Raises:
            BodyTooLarge: the limit is exceeded; the file is gone.
            OSError: the disk is full or broken; the file is gone.
        """
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            await self.discard()
            raise BodyTooLarge(self._limit)
        self._pieces.append(piece)
        self._piece_bytes += len(piece)
        if self._piece_bytes >= BLOCK_BYTES:
            await self._hand_over(MAX_BEHIND_BYTES)

    async def finish(self) -> Received:
        """Wait until everything is hashed and written, and hand the file over."""
        await self._hand_over(0)
        self._close()
        sha256 = None if self._digest is None else self._digest.hexdigest()
        return Received(self._path, self._size, sha256)

    async def discard(self) -> None:
        """Remove the file; after `finish` or twice, nothing happens."""
        if self._descriptor is None:
            return
        self._path.unlink(missing_ok=True)
        for lane in self._lanes:
            await lane.stop()
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.discard()

    async def _hand_over(self, at_most_behind: int) -> None:
        block = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._piece_bytes = [], 0
        try:
            for lane in self._lanes:
                lane.add(block)
            for lane in self._lanes:
                await lane.catch_up(at_most_behind)
        except BaseException:
            await self.discard()
            raise

    def _write_out(self, block: bytes) -> None:
        assert self._descriptor is not None
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


async def receive(
    body: AsyncIterable[bytes], directory: Path, *, limit: int | None = None, hashed: bool = True
) -> Received:
    """Spool a whole body into a file below `directory`; no file is left behind on failure.

    Raises:
        BodyTooLarge: the limit is exceeded.
    """
    async with Spool(directory, limit=limit, hashed=hashed) as spool:
        async for piece in body:
            await spool.write(piece)
        return await spool.finish()


def sweep_staging(directory: Path, *, older_than_s: float, now: float) -> int:
    """Remove files untouched for `older_than_s` seconds before `now` (epoch); their number."""
    swept = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            swept += _sweep(entry, now - older_than_s)
    return swept


def _sweep(entry: os.DirEntry[str], untouched_since: float) -> int:
    try:
        if not entry.is_file(follow_symlinks=False):
            return 0
        if entry.stat(follow_symlinks=False).st_mtime >= untouched_since:
            return 0
        Path(entry.path).unlink()
    except FileNotFoundError:  # finished or discarded while we looked
        return 0
    return 1
