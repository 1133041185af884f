"""Send stretches of files without copying them through Python.

A uvicorn protocol that understands the ASGI extension `http.response.zerocopysend`
(https://asgi.readthedocs.io/en/latest/extensions.html#zero-copy-send): the kernel moves the bytes
from the page cache to the socket. uvloop has no `loop.sendfile`, so the system call is made here,
on a duplicate of the transport's socket, whenever that is writable. Under TLS the extension is not
offered. The protocol also bounds what a client may send before a request is understood: httptools
has no limits of its own.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from strata.lib.http.pagecache import in_page_cache

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendEvent, Scope

EXTENSION: Final = "http.response.zerocopysend"
STEP_BYTES: Final = 1024 * 1024  # at most, before other connections get their turn
STALL_S: Final = 120.0  # a client that takes nothing for so long is cut off
HEAD_S: Final = 30.0  # a client may take so long to send a request's head
MAX_HEAD_BYTES: Final = 64 * 1024  # request line and headers together
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class FileTruncated(OSError):
    """The file ended before the bytes that were promised; the connection is cut."""


class SendfileProtocol(HttpToolsProtocol):
    """HTTP/1.1 with `zerocopysend` and bounded request heads."""

    _sending: "_FileSending | None" = None
    _head_bytes = 0  # of the names and values of the request being read
    _unread_bytes = 0  # received since the parser last made something of them
    _head_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it likewise
        super().connection_made(transport)
        self._arm_head_timer()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm_head_timer()
        super().connection_lost(exc)
        if self._sending is not None:
            self._sending.wake()

    @override
    def data_received(self, data: bytes) -> None:
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse_head()

    @override
    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()
        self._arm_head_timer()

    @override
    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("request head too large")  # httptools makes it a parser error
        super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._unread_bytes = 0
        self._disarm_head_timer()
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        if self._answering():
            # A complaint now would land in the middle of the answer under way.
            self.transport.abort()
        elif self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's own hint forgets the None
        return cycle is not None and not cycle.response_complete

    def _refuse_head(self) -> None:
        if self._answering():
            self.transport.abort()
            return
        self.transport.write(_HEAD_TOO_LARGE)
        self.transport.close()

    def _arm_head_timer(self) -> None:
        self._disarm_head_timer()
        self._head_timer = self.loop.call_later(HEAD_S, self._head_too_late)

    def _disarm_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_late(self) -> None:
        if not self._answering() and not self.transport.is_closing():
            self.transport.close()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        if self.scheme == "http":
            cycle.scope.setdefault("extensions", {})[EXTENSION] = {}
            app = self._offering_files(cycle, app)
        super()._start_asgi_task(cycle, app)

    def _offering_files(
        self, cycle: RequestResponseCycle, app: "ASGI3Application"
    ) -> "ASGI3Application":
        """Wrap the application so that its `send` understands files."""

        async def send(message: "ASGISendEvent") -> None:
            kind: str = message["type"]  # uvicorn's hint does not know the extension
            if kind == EXTENSION:
                await self._send_file(cycle, dict(message))
            else:
                await cycle.send(message)

        async def offering(scope: "Scope", receive: "ASGIReceiveCallable", _send: object) -> None:
            await app(scope, receive, send)

        return offering

    async def _send_file(self, cycle: RequestResponseCycle, message: dict[str, object]) -> None:
        if not cycle.response_started or cycle.response_complete:
            raise RuntimeError(f"{EXTENSION} outside of a response body")
        source = message["file"]
        file = source if isinstance(source, int) else _descriptor(source)
        offset, count = _stretch(file, message)
        more = bool(message.get("more_body", False))
        if count and cycle.scope["method"] != "HEAD" and not cycle.disconnected:
            await self._send_stretch(cycle, file, offset, count)
        await cycle.send({"type": "http.response.body", "body": b"", "more_body": more})

    async def _send_stretch(
        self, cycle: RequestResponseCycle, file: int, offset: int, count: int
    ) -> None:
        if cycle.chunked_encoding:
            cycle.transport.write(b"%x\r\n" % count)
        elif count > cycle.expected_content_length:
            raise RuntimeError("Response content longer than Content-Length")
        else:
            cycle.expected_content_length -= count
        sending = self._sending = _FileSending(self.loop, cycle.transport, file)
        try:
            await self._flushed(cycle)
            await sending.run(offset, count, lambda: cycle.disconnected)
        except (BrokenPipeError, ConnectionError, TimeoutError):
            cycle.disconnected = True
            cycle.message_event.set()
            cycle.transport.abort()
        finally:
            self._sending = None
            sending.close()
        if cycle.chunked_encoding and not cycle.disconnected:
            cycle.transport.write(b"\r\n")

    async def _flushed(self, cycle: RequestResponseCycle) -> None:
        """Wait until the transport has handed everything over: our bytes go behind its back."""
        transport = cycle.transport
        if transport.get_write_buffer_size() == 0:
            return
        low, high = transport.get_write_buffer_limits()
        transport.set_write_buffer_limits(high=0)
        try:
            async with asyncio.timeout(STALL_S):
                while transport.get_write_buffer_size() and not cycle.disconnected:
                    if not self.flow.write_paused:
                        await asyncio.sleep(0)
                    await self.flow.drain()
        finally:
            transport.set_write_buffer_limits(high=high, low=low)


class _FileSending:
    """One stretch of a file on its way into one socket."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, file: int
    ) -> None:
        connection: socket.socket = transport.get_extra_info("socket")
        self._loop = loop
        self._transport = transport
        # Loops refuse to watch a transport's own descriptor. And a duplicate stays ours to close,
        # so that a thread never writes into a descriptor which meanwhile means something else.
        self._socket = os.dup(connection.fileno())
        try:
            self._file = os.dup(file)
        except BaseException:
            os.close(self._socket)
            raise
        self._writable: asyncio.Future[None] | None = None
        self._reading: asyncio.Future[int] | None = None

    async def run(self, offset: int, count: int, gone: Callable[[], bool]) -> None:
        """Send `count` bytes from `offset`, until done or the client is gone."""
        while count and not gone() and not self._transport.is_closing():
            step = min(count, STEP_BYTES)
            try:
                sent = await self._step(offset, step)
            except BlockingIOError:
                await self._until_writable()
                continue
            if sent == 0:
                self._transport.abort()
                raise FileTruncated(f"the file ends at byte {offset}, {count} bytes early")
            offset += sent
            count -= sent
            if sent == step and count:
                await asyncio.sleep(0)  # the socket takes more; others wait too

    async def _step(self, offset: int, count: int) -> int:
        if in_page_cache(self._file, offset, count):
            return os.sendfile(self._socket, self._file, offset, count)
        # The disk is slow, not the client: the socket does not block, so the thread comes back.
        reading = self._loop.run_in_executor(
            None, os.sendfile, self._socket, self._file, offset, count
        )
        self._reading = reading
        await asyncio.wait((reading,))
        self._reading = None
        return reading.result()

    async def _until_writable(self) -> None:
        writable = self._writable = self._loop.create_future()
        self._loop.add_writer(self._socket, self.wake)
        try:
            async with asyncio.timeout(STALL_S):
                await writable
        finally:
            self._writable = None
            self._loop.remove_writer(self._socket)

    def wake(self) -> None:
        """Go on: the socket is writable, or the connection is lost."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def close(self) -> None:
        """Close the duplicates, once no thread uses them."""
        if self._reading is not None and not self._reading.done():
            self._reading.add_done_callback(self._close_late)
        else:
            self._close()

    def _close_late(self, reading: asyncio.Future[int]) -> None:
        reading.exception()
        self._close()

    def _close(self) -> None:
        os.close(self._socket)
        os.close(self._file)


def _descriptor(source: object) -> int:
    fileno: Callable[[], int] | None = getattr(source, "fileno", None)
    if fileno is None:
        raise TypeError(f"{EXTENSION} needs a file or its descriptor")
    return fileno()


def _stretch(file: int, message: dict[str, object]) -> tuple[int, int]:
    """Read offset and count; by the extension they default to the file's position and its rest."""
    offset = message.get("offset")
    if not isinstance(offset, int):
        offset = os.lseek(file, 0, os.SEEK_CUR)
    count = message.get("count")
    if not isinstance(count, int):
        count = max(os.fstat(file).st_size - offset, 0)
    return offset, count
