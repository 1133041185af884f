"""A stub that answers at once: it repeats what the hub said.

Asked for something new, it forwards to the hub and remembers the answer under method, target and
body; asked again, it repeats the answer from memory. A client run against a stub that knows
everything shows what the client itself costs.
"""

import asyncio
import hashlib
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httptools
import uvloop
from typing_extensions import override

SILENCE_S = 60.0
_NOT_OURS = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "date"})

Key = tuple[str, str, bytes]


@dataclass(slots=True)
class Stub:
    """A recording of one hub."""

    upstream: int  # port of the hub
    port: int = 0
    forwarded: int = 0  # questions that were not known yet
    _answers: dict[Key, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def known(self, key: Key) -> bytes | None:
        return self._answers.get(key)

    def asked(self, key: Key, headers: dict[str, str], body: bytes) -> bytes:
        """Ask the hub and remember; blocks."""
        self.forwarded += 1
        method, target, _ = key
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=SILENCE_S)
        try:
            upstream.request(method, target, body, headers | {"host": f"localhost:{self.upstream}"})
            answer = upstream.getresponse()
            content = answer.read()
            self._answers[key] = self._written(method, answer, content)
        finally:
            upstream.close()
        return self._answers[key]

    def _written(self, method: str, answer: http.client.HTTPResponse, content: bytes) -> bytes:
        """Write the answer anew, its addresses turned to the stub's own."""
        content = self._ours(content)
        length = answer.getheader("content-length", "0") if method == "HEAD" else str(len(content))
        kept = [(name, value) for name, value in answer.getheaders() if name not in _NOT_OURS]
        lines = [f"{name}: {value}" for name, value in [*kept, ("content-length", length)]]
        head = "\r\n".join([f"HTTP/1.1 {answer.status} {answer.reason}", *lines, "", ""])
        return self._ours(head.encode("latin-1")) + content

    def _ours(self, text: bytes) -> bytes:
        return text.replace(b"localhost:%d" % self.upstream, b"localhost:%d" % self.port)


class _Speaking(asyncio.Protocol):
    """One connection to the stub."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._target = ""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a TCP server only makes such
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._target, self._headers, self._body = url.decode("latin-1"), {}, []

    def on_header(self, name: bytes, value: bytes) -> None:
        text = value.decode("latin-1")
        if name.lower() == b"expect" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif name.lower().decode() not in _NOT_OURS:
            self._headers[name.decode("latin-1").lower()] = text

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        key = (self._parser.get_method().decode(), self._target, hashlib.sha1(body).digest())  # noqa: S324 -- a key, not a protection
        known = self._stub.known(key)
        if known is not None:
            self._answer(known)
        else:
            self._loop.create_task(self._forward(key, self._headers, body))

    async def _forward(self, key: Key, headers: dict[str, str], body: bytes) -> None:
        self._answer(await asyncio.to_thread(self._stub.asked, key, headers, body))

    def _answer(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


@contextmanager
def stubbed(upstream: int) -> Iterator[Stub]:
    """Run a stub beside a hub, in a thread of its own."""
    stub = Stub(upstream)
    loop = uvloop.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    stub.port = listener.getsockname()[1]
    server = loop.run_until_complete(loop.create_server(lambda: _Speaking(stub), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()
