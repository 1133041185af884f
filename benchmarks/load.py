"""A small load generator: one request, sent again and again over a few connections.

Bare sockets and prepared bytes: one core of it asks for several times what a worker can answer.
Each outcome carries the generator's share of a core: it can be seen not to be the limit.
"""

import re
import selectors
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median, quantiles

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PIECE = 1 << 16  # bytes of one read
SILENCE_S = 10.0  # no answer for so long means that the server hangs


@dataclass(frozen=True, slots=True)
class Load:
    """What a load found."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    own_share: float  # of one core, used by the generator

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def request(
    method: str, path: str, port: int, token: str = "", headers: Mapping[str, str] | None = None
) -> bytes:
    """Write a request that keeps the connection."""
    fields = {"Host": f"localhost:{port}", "User-Agent": "benchmark", **(headers or {})}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def loaded(port: int, sent: bytes, *, connections: int, seconds: float) -> Load:
    """Send one request over and over for a while.

    Raises:
        AssertionError: an answer was not 200, or a connection was cut.
    """
    selector = selectors.DefaultSelector()
    callers = [_Caller(port, sent) for _ in range(connections)]
    for caller in callers:
        selector.register(caller.socket, selectors.EVENT_READ, caller)
    own, began = time.process_time(), time.perf_counter()
    for caller in callers:
        caller.ask()
    while time.perf_counter() < began + seconds:
        ready = selector.select(SILENCE_S)
        assert ready, f"no answer within {SILENCE_S} s"
        for key, _ in ready:
            key.data.heard()
    spent, share = time.perf_counter() - began, time.process_time() - own
    selector.close()
    for caller in callers:
        caller.socket.close()
    times = [taken for caller in callers for taken in caller.times]
    assert len(times) > 1, "too few answers to measure"
    worst = quantiles(times, n=100)[-1]
    return Load(len(times), spent, median(times) * 1000, worst * 1000, share / spent)


class _Caller:
    """One connection."""

    def __init__(self, port: int, sent: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.times: list[float] = []  # seconds, one an answer
        self._sent = sent
        self._bodiless = sent.startswith(b"HEAD ")
        self._unread = b""
        self._asked = 0.0

    def ask(self) -> None:
        self._asked = time.perf_counter()
        self.socket.sendall(self._sent)

    def heard(self) -> None:
        """Take what came; ask again when the answer is whole."""
        piece = self.socket.recv(_PIECE)
        assert piece, f"the connection was cut after {self._unread[:200]!r}"
        self._unread += piece
        end = self._unread.find(b"\r\n\r\n")
        if end < 0:
            return
        assert self._unread.startswith(b"HTTP/1.1 200 "), self._unread[:500]
        length = 0
        if not self._bodiless:
            found = _LENGTH.search(self._unread, 0, end)
            assert found, f"an answer without length: {self._unread[:500]!r}"
            length = int(found[1])
        if len(self._unread) < end + 4 + length:
            return
        self._unread = b""
        self.times.append(time.perf_counter() - self._asked)
        self.ask()
