"""Stream packs to clients: `git upload-pack` does it, behind a door that checked the wants."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

from strata.lib.git.model import GitFailed, StorePath
from strata.lib.git.program import end, heard, place, spoken, start

_PIECE = 1 << 20


class TooLarge(ValueError):
    """More bytes or objects than the caller allows."""


async def collect(stream: AsyncIterable[bytes], max_bytes: int) -> bytes:
    """Join a stream that must be short.

    Raises:
        TooLarge: it is longer than `max_bytes`.
    """
    kept = bytearray()
    async for piece in stream:
        kept += piece
        if len(kept) > max_bytes:
            raise TooLarge(f"the request is larger than {max_bytes} bytes")
    return bytes(kept)


async def upload_pack(
    path: StorePath, body: bytes | AsyncIterable[bytes], version: int
) -> AsyncGenerator[bytes, None]:
    """Answer one fetch request (for version 2 its `fetch` command), in pieces up to 1 MiB.

    Any object of the repository can be had: check `fetch_wants` first. Closing the generator
    ends git.

    Raises:
        GitFailed: git gave up, maybe after some output; the text is what it said.
    """
    store = place(path)
    words = ("upload-pack", "--stateless-rpc", "--strict", str(store))
    async with aclosing(_spoken_by(words, store, body, version)) as pieces:
        async for piece in pieces:
            yield piece


async def converse(
    path: StorePath, body: AsyncIterable[bytes], version: int, *, idle_s: int
) -> AsyncGenerator[bytes, None]:
    """Let git hold a whole conversation of a fetch, its own advertisement first.

    For transports on which both sides stay connected. The store must be projected. Any object of
    it can be had. Closing the generator ends git.

    Args:
        idle_s: git gives up when the client says nothing for so many seconds.

    Raises:
        whatever the body raises, which ends git.
        GitFailed: git gave up, maybe after some output; the text is what it said.
    """
    store = place(path)
    words = ("upload-pack", "--strict", f"--timeout={idle_s}", str(store))
    async with aclosing(_spoken_by(words, store, body, version, ends=False)) as pieces:
        async for piece in pieces:
            yield piece


async def _spoken_by(
    words: Sequence[str],
    store: Path,
    body: bytes | AsyncIterable[bytes],
    version: int,
    *,
    ends: bool = True,
) -> AsyncGenerator[bytes, None]:
    """What git says; `ends` tells that the body comes to an end by itself."""
    process = await start(words, store, {"GIT_PROTOCOL": f"version={version}"})
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    feeding = asyncio.create_task(feed(process.stdin, body))
    hearing = asyncio.create_task(heard(process.stderr))
    try:
        while piece := await process.stdout.read(_PIECE):
            yield piece
        if ends:
            await feeding
        stderr = await hearing
        code = await process.wait()
        if feeding.done():  # a body that raised is why git ended
            await feeding
        if code != 0:
            raise GitFailed(spoken(stderr) or "git upload-pack failed")
    finally:
        await end(process)
        await _settle(feeding, hearing)


async def feed(stdin: asyncio.StreamWriter, body: bytes | AsyncIterable[bytes]) -> None:
    """Write a request to a process that may stop reading when it has enough.

    What the body raises goes to the caller; a process that went away does not.
    """
    try:
        async for piece in _pieces(body):
            if not await _taken(stdin, piece):
                return
    finally:
        stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await stdin.wait_closed()


async def _pieces(body: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def _taken(stdin: asyncio.StreamWriter, piece: bytes) -> bool:
    if stdin.is_closing():  # git has all of a pack before the client says that no more comes
        return False
    try:
        stdin.write(piece)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


async def _settle(*tasks: "asyncio.Task[object]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
