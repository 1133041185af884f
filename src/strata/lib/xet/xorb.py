"""Xorbs as they are stored: read, check and decode.

A xorb is a concatenation of chunks, each an eight-byte header (version, payload length, scheme, raw
length) and a payload. Nothing an uploader declares is believed: lengths are compared with the
format's limits and with the bytes at hand before anything is allocated, and a frame may not expand
past the raw length its header gave. Specification: https://huggingface.co/docs/xet/xorb.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import lz4.frame
import numpy as np
from numpy.typing import NDArray

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.limits import (
    CHUNK_MAX,
    CHUNK_STORED_MAX,
    XORB_CHUNKS_MAX,
    XORB_RAW_MAX,
    XORB_STORED_MAX,
    Buffer,
)
from strata.lib.xet.table import ChunkTable

HEADER = struct.Struct("<Q")  # u8 version, u24 payload length, u8 scheme, u24 raw length
_FOOTER_TAG = b"XETBLOB"
_FRAME_MAGIC = b"\x04\x22\x4d\x18"
_DICTIONARY_FLAG = 0x01


class Scheme(IntEnum):
    """How the payload of a chunk is stored."""

    PLAIN = 0
    LZ4 = 1
    GROUPED_LZ4 = 2  # first byte of every four, then the second …, then LZ4


class BadXorb(ValueError):
    """The bytes are not a valid xorb; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Xorb:
    """What a checked xorb holds."""

    hash: bytes
    chunks: ChunkTable
    raw_total: int  # bytes, uncompressed
    stored_length: int  # bytes of the chunk stream; a footer begins here


@dataclass(frozen=True, slots=True)
class _Frame:
    """One stored chunk: where its payload lies and what it declares."""

    index: int
    start: int
    stop: int
    scheme: Scheme
    raw_length: int


def inspect(buffer: Buffer) -> Xorb:
    """Check a whole serialized xorb and compute its hash.

    Every chunk is decoded and hashed. A footer, which old clients append, ends the walk.

    Raises:
        BadXorb: any rule of the format is broken.
    """
    with memoryview(buffer) as view:
        frames = list(_frames(view))
        if not frames:
            raise BadXorb("the xorb has no chunks")
        decoder = _Decoder(view)
        hashes = b"".join([xet_hash.chunk_hash(decoder.transient(frame)) for frame in frames])
    lengths = [frame.raw_length for frame in frames]
    chunks = ChunkTable.of(
        hashes, [frame.stop for frame in frames], lengths, [frame.scheme for frame in frames]
    )
    root = xet_hash.merkle_root(chunks.leaves())
    return Xorb(root, chunks, sum(lengths), frames[-1].stop)


def decode_chunks(buffer: Buffer) -> Iterator[bytes | memoryview]:
    """Yield the raw bytes of each stored chunk in a byte range that begins at a chunk.

    A piece of a plain chunk is a view into `buffer`, valid as long as that is.

    Raises:
        BadXorb: the range does not consist of whole valid chunks.
    """
    view = memoryview(buffer)
    decoder = _Decoder(view)
    for frame in _frames(view):
        yield decoder.lasting(frame)


def _frames(view: memoryview) -> Iterator[_Frame]:
    """Walk the headers, checking all that can be checked without decoding."""
    position = raw_total = index = 0
    while position < len(view) and view[position : position + len(_FOOTER_TAG)] != _FOOTER_TAG:
        if index == XORB_CHUNKS_MAX:
            raise BadXorb(f"the xorb has more than {XORB_CHUNKS_MAX} chunks")
        frame = _frame_at(view, position, index)
        raw_total += frame.raw_length
        if raw_total > XORB_RAW_MAX:
            raise BadXorb(f"the xorb holds more than {XORB_RAW_MAX} raw bytes")
        if frame.stop > XORB_STORED_MAX:
            raise BadXorb(f"the xorb's chunks take more than {XORB_STORED_MAX} stored bytes")
        yield frame
        position = frame.stop
        index += 1


def _frame_at(view: memoryview, position: int, index: int) -> _Frame:
    start = position + HEADER.size
    if start > len(view):
        raise BadXorb(f"the header of chunk {index} is cut off")
    (word,) = HEADER.unpack_from(view, position)
    stored, raw_length = word >> 8 & 0xFFFFFF, word >> 40
    if word & 0xFF:
        raise BadXorb(f"chunk {index} has version {word & 0xFF}, only 0 is known")
    try:
        scheme = Scheme(word >> 32 & 0xFF)
    except ValueError:
        raise BadXorb(f"chunk {index} has unknown scheme {word >> 32 & 0xFF}") from None
    _require_lengths(index, scheme, stored, raw_length)
    if start + stored > len(view):
        raise BadXorb(f"the payload of chunk {index} is cut off")
    return _Frame(index, start, start + stored, scheme, raw_length)


def _require_lengths(index: int, scheme: Scheme, stored: int, raw_length: int) -> None:
    if not 1 <= raw_length <= CHUNK_MAX:
        raise BadXorb(f"chunk {index} declares {raw_length} raw bytes, allowed: 1 to {CHUNK_MAX}")
    if stored > CHUNK_STORED_MAX:
        raise BadXorb(f"chunk {index} stores {stored} bytes, at most {CHUNK_STORED_MAX} allowed")
    if scheme is Scheme.PLAIN and stored != raw_length:
        raise BadXorb(f"chunk {index} is uncompressed but stores {stored} of {raw_length} bytes")


class _Decoder:
    """Turns frames of one buffer into raw bytes with one LZ4 context and one scratch area."""

    __slots__ = ("_lz4", "_scratch", "_view")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._lz4 = lz4.frame.LZ4FrameDecompressor()
        self._scratch: NDArray[np.uint8] = np.empty(CHUNK_MAX, np.uint8)

    def transient(self, frame: _Frame) -> bytes | memoryview:
        """Decode a chunk; the answer may be overwritten by the next call."""
        if frame.scheme is not Scheme.GROUPED_LZ4:
            return self.lasting(frame)
        return _regrouped(self._unpacked(frame), self._scratch[: frame.raw_length])

    def lasting(self, frame: _Frame) -> bytes | memoryview:
        """Decode a chunk into bytes nobody else writes to."""
        match frame.scheme:
            case Scheme.PLAIN:
                return self._view[frame.start : frame.stop]
            case Scheme.LZ4:
                return self._unpacked(frame)
            case Scheme.GROUPED_LZ4:
                return _regrouped(self._unpacked(frame), np.empty(frame.raw_length, np.uint8))

    def _unpacked(self, frame: _Frame) -> bytes:
        """Expand an LZ4 frame, never past the declared raw length.

        Frames that clients' decoders refuse (skippable, with dictionary) are refused here too.
        """
        payload = self._view[frame.start : frame.stop]
        if payload[:4] != _FRAME_MAGIC or len(payload) <= 4 or payload[4] & _DICTIONARY_FLAG:
            raise BadXorb(f"chunk {frame.index} does not hold an LZ4 frame")
        self._lz4.reset()
        try:
            raw: bytes = self._lz4.decompress(payload, frame.raw_length)
        except RuntimeError as error:
            raise BadXorb(f"chunk {frame.index} holds a damaged LZ4 frame: {error}") from error
        if len(raw) != frame.raw_length or not self._lz4.eof or self._lz4.unused_data:
            raise BadXorb(
                f"the LZ4 frame of chunk {frame.index} does not hold exactly the declared "
                f"{frame.raw_length} bytes"
            )
        return raw


def _regrouped(planes: bytes, target: NDArray[np.uint8]) -> memoryview:
    """Undo byte grouping: plane k holds bytes k, k+4, k+8 and so on."""
    source = np.frombuffer(planes, np.uint8)
    begin = 0
    for plane in range(4):
        places = target[plane::4]
        places[:] = source[begin : begin + len(places)]
        begin += len(places)
    return target.data
