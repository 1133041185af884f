"""Stream what a synchronous iterator produces, without a thread hop per piece."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

HOP_BYTES = 1024 * 1024  # produced by one thread hop
END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


async def stream_threaded(
    source: Iterator[bytes], *, hop_bytes: int = HOP_BYTES
) -> AsyncGenerator[bytes, None]:
    """Run `source` in worker threads, one hop per `hop_bytes`, one hop ahead of the reader.

    `source` is closed when it ends, fails, or the reader goes away (`aclose`, cancellation). Use
    `contextlib.aclosing` around it, or `StreamedAnswer`, so that "goes away" is noticed at once.
    """
    loop = asyncio.get_running_loop()
    hop = partial(_gather, source, hop_bytes)
    ahead = loop.run_in_executor(None, hop)
    try:
        while True:
            # Not awaited itself: cancelling must not forget a thread that runs on.
            await asyncio.wait((ahead,))
            pieces, more = ahead.result()
            if more:
                ahead = loop.run_in_executor(None, hop)
            if pieces:
                yield pieces
            if not more:
                return
    finally:
        await _close_after(ahead, source)


def _gather(source: Iterator[bytes], hop_bytes: int) -> tuple[bytes, bool]:
    """Take about `hop_bytes` from the iterator; the bytes, and whether there may be more."""
    pieces: list[bytes] = []
    gathered = 0
    more = True
    while more and gathered < hop_bytes:
        piece = next(source, None)
        if piece is None:
            more = False
        else:
            pieces.append(piece)
            gathered += len(piece)
    return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), more


async def _close_after(ahead: asyncio.Future[tuple[bytes, bool]], source: Iterator[bytes]) -> None:
    """Close the iterator once no thread runs it, even when we are cancelled meanwhile."""
    close: Callable[[], None] | None = getattr(source, "close", None)
    loop = asyncio.get_running_loop()
    closed = loop.create_task(_closing(ahead, close))
    await asyncio.shield(closed)


async def _closing(
    ahead: asyncio.Future[tuple[bytes, bool]], close: Callable[[], None] | None
) -> None:
    await asyncio.wait((ahead,))
    ahead.exception()  # the reader has it, or has left
    if close is not None:
        await asyncio.get_running_loop().run_in_executor(None, close)


class PiecesAnswer:
    """An ASGI response with pieces as they come; `heeding` ends them as soon as the client leaves.

    Only whoever has read the whole request may heed: both listen to the same channel.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        headers: Mapping[str, str],
        status: int = 200,
        *,
        heeding: bool = True,
    ) -> None:
        self._pieces = pieces
        self.head: Final[Message] = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ],
        }
        self._heeding = heeding

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if self._heeding:
            await _unless_gone(receive, self._send(send))
        else:
            await self._send(send)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            started = False
            async for piece in pieces:
                if not started:  # so that pieces failing at once can still become an error
                    await send(self.head)
                    started = True
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not started:
                await send(self.head)
        await send(END)


class StreamedAnswer(PiecesAnswer):
    """An ASGI response with the bytes of a synchronous iterator, closed when the client leaves."""

    def __init__(
        self, source: Iterator[bytes], headers: Mapping[str, str], status: int = 200
    ) -> None:
        super().__init__(stream_threaded(source), headers, status)
        self._source = source

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; of one to HEAD the head alone."""
        if scope["method"] != "HEAD":
            await super().__call__(scope, receive, send)
            return
        await send(self.head)
        await send(END)
        close: Callable[[], None] = getattr(self._source, "close", lambda: None)
        await asyncio.get_running_loop().run_in_executor(None, close)


async def _unless_gone(receive: Receive, sending: Coroutine[Any, Any, None]) -> None:
    """Run `sending` to its end, or until the client leaves."""
    gone = asyncio.ensure_future(_disconnected(receive))
    sent = asyncio.ensure_future(sending)
    try:
        await asyncio.wait((gone, sent), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        sent.cancel()
        await asyncio.wait((gone, sent))
    if not sent.cancelled():
        sent.result()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
