"""Speak pkt-line, git's framing: four hex digits of length, then the payload (gitprotocol-common).

Pure bytes; the reader never keeps more than one packet.
"""

from collections.abc import AsyncIterable, AsyncIterator
from enum import Enum

MAX_PAYLOAD = 65516
FLUSH = b"0000"
DELIM = b"0001"
RESPONSE_END = b"0002"

_PREFIX = 4
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Malformed(ValueError):
    """Bytes that are not what the git protocol allows here; the text says why."""


class Marker(Enum):
    """The packets without a payload."""

    FLUSH = 0
    DELIM = 1
    RESPONSE_END = 2


Packet = bytes | Marker


def encode(payload: bytes) -> bytes:
    """Frame a payload of at most 65516 bytes.

    Raises:
        ValueError: it is longer.
    """
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a packet holds at most {MAX_PAYLOAD} bytes, not {len(payload)}")
    return b"%04x" % (len(payload) + _PREFIX) + payload


def encode_line(text: str) -> bytes:
    """Frame a line of text, with its newline."""
    return encode(text.encode() + b"\n")


def decode(buffer: bytes) -> list[Packet]:
    """Take apart a buffer of whole packets.

    Raises:
        Malformed: a length that is none, or a packet that ends early.
    """
    packets: list[Packet] = []
    place = 0
    while place < len(buffer):
        length = _length(buffer[place : place + _PREFIX])
        place += _PREFIX
        if isinstance(length, Marker):
            packets.append(length)
            continue
        if place + length > len(buffer):
            raise Malformed("the last packet is cut short")
        packets.append(buffer[place : place + length])
        place += length
    return packets


def _length(prefix: bytes) -> int | Marker:
    """Read a length prefix: payload bytes, or a marker."""
    if len(prefix) < _PREFIX or not _HEX.issuperset(prefix):
        raise Malformed(f"{prefix!r} is not a packet length")
    total = int(prefix, 16)
    if total <= 2:
        return Marker(total)
    if total == 3 or total > MAX_PAYLOAD + _PREFIX:
        raise Malformed(f"{total} is not a packet length")
    return total - _PREFIX


class Reader:
    """Read packets off a byte stream, at most `max_bytes` of them, and hand on what follows."""

    def __init__(self, stream: AsyncIterable[bytes], max_bytes: int) -> None:
        self._pieces = aiter(stream)
        self._buffer = bytearray()
        self._room = max_bytes

    async def packet(self) -> Packet | None:
        """Return the next packet, None at the end of the stream.

        Raises:
            Malformed: framing is broken, the stream ends inside a packet, or `max_bytes` is used.
        """
        if not await self._fill(_PREFIX):
            if self._buffer:
                raise Malformed("the stream ends inside a packet")
            return None
        length = _length(self._take(_PREFIX))
        if isinstance(length, Marker):
            return length
        if not await self._fill(length):
            raise Malformed("the stream ends inside a packet")
        return self._take(length)

    async def rest(self) -> AsyncIterator[bytes]:
        """Yield everything behind the packets read so far, unbounded."""
        if self._buffer:
            yield bytes(self._buffer)
            self._buffer.clear()
        async for piece in self._pieces:
            yield piece

    async def _fill(self, count: int) -> bool:
        while len(self._buffer) < count:
            try:
                self._buffer += await anext(self._pieces)
            except StopAsyncIteration:
                return False
        return True

    def _take(self, count: int) -> bytes:
        self._room -= count
        if self._room < 0:
            raise Malformed("there are more commands than one request may hold")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
