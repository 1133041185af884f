"""Read shards: the files a client registers and the xorbs it uploaded for them.

Shards come in several dialects (with and without footer, with a header that promises a footer which
is not there), so they are read from front to back and nothing after the second bookend is looked
at. Counts are compared with the bytes left before anything is read. Specification:
https://huggingface.co/docs/xet/shard; dialects as sent by hf_xet 0.1 to 1.8 and `@huggingface/hub`.
"""

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.limits import HASH_BYTES, SHARD_MAX, XORB_CHUNKS_MAX, Buffer
from strata.lib.xet.table import ChunkTable, Terms

RECORD = 48  # bytes of every header and entry
HEADER_TAG = b"HFRepoMetaData\0" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
HEADER = struct.Struct("<32sQQ")  # tag, version, footer size
VERSION = 2
FILE_HEADER = struct.Struct("<32sIIQ")  # file hash, flags, number of terms, unused
XORB_HEADER = struct.Struct("<32sIIII")  # xorb hash, flags, number of chunks, raw, stored length
_TERM = struct.Struct("<32s4I")  # xorb hash, flags, raw length, first chunk, end chunk
TERM_ENTRY = np.dtype(
    [("xorb", "V32"), ("flags", "<u4"), ("raw", "<u4"), ("start", "<u4"), ("stop", "<u4")]
)
CHUNK_ENTRY = np.dtype(
    [("hash", "V32"), ("offset", "<u4"), ("raw", "<u4"), ("flags", "<u4"), ("unused", "<u4")]
)
HASH_ENTRY = np.dtype([("hash", "V32"), ("unused", "V16")])
BOOKEND = b"\xff" * HASH_BYTES

WITH_RANGE_HASHES = 1 << 31
WITH_SHA256 = 1 << 30

_Entry = TypeVar("_Entry")


class BadShard(ValueError):
    """The bytes are not a valid shard; the message says where and why."""


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file as the client describes it; nothing here has been proved."""

    hash: bytes
    terms: Terms
    range_hashes: bytes | None  # one per term, raw, one after the other; None: client gave none
    sha256: str | None  # ordinary hex; None: client gave none

    @property
    def flags(self) -> int:
        """Which optional parts follow the terms, as the format marks them."""
        ranges = WITH_RANGE_HASHES if self.range_hashes is not None else 0
        return ranges | (WITH_SHA256 if self.sha256 is not None else 0)


@dataclass(frozen=True, slots=True)
class ShardXorb:
    """A xorb as the client describes it."""

    hash: bytes
    hashes: bytes  # of its chunks, raw, one after the other
    raw_offsets: tuple[int, ...]  # of its chunks
    raw_lengths: tuple[int, ...]  # of its chunks
    raw_total: int  # bytes
    stored_length: int = 0  # bytes; most clients leave it 0, never trust it

    def same_chunks(self, chunks: ChunkTable) -> bool:
        """Tell whether this describes exactly the chunks that are stored."""
        return self.hashes == chunks.hashes and self.raw_lengths == tuple(
            chunks.raw_lengths.tolist()
        )


class Records(Generic[_Entry]):
    """Files or xorbs of a shard, read each time they are asked for.

    A hostile shard may hold a million tiny entries; only their places are kept.
    """

    __slots__ = ("_places", "_read")

    def __init__(self, places: "array[int]", read: Callable[[int], _Entry]) -> None:
        self._places = places
        self._read = read

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[_Entry]:
        return map(self._read, self._places)

    def __getitem__(self, index: int) -> _Entry:
        return self._read(self._places[index])


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard whose structure has been checked; it reads from the buffer it was parsed from."""

    files: Records[ShardFile]
    xorbs: Records[ShardXorb]


def parse(buffer: Buffer) -> Shard:
    """Check the structure of a shard and give access to what it lists.

    The buffer must outlive the answer. Whether the xorbs exist and the hashes are true is not
    checked here.

    Raises:
        BadShard: any rule of the format is broken.
    """
    view = memoryview(buffer)
    if len(view) > SHARD_MAX:
        raise BadShard(f"the shard has {len(view)} bytes, at most {SHARD_MAX} allowed")
    if len(view) < HEADER.size:
        raise BadShard("the shard is shorter than its header")
    tag, version, _ = HEADER.unpack_from(view)
    if tag != HEADER_TAG:
        raise BadShard("the shard does not begin with the shard tag")
    if version != VERSION:
        raise BadShard(f"the shard has version {version}, only {VERSION} is known")
    files, position = _places(view, HEADER.size, _file_end)
    xorbs, _ = _places(view, position, _xorb_end)
    return Shard(
        Records(files, lambda place: _file_at(view, place)),
        Records(xorbs, lambda place: _xorb_at(view, place)),
    )


def _places(
    view: memoryview, position: int, end_of: Callable[[memoryview, int], int]
) -> "tuple[array[int], int]":
    """Find where each entry of a section begins, and where the next section does."""
    places = array("I")
    while True:
        if position + RECORD > len(view):
            raise BadShard(f"a section has no end: the shard breaks off at byte {position}")
        if view[position : position + HASH_BYTES] == BOOKEND:
            return places, position + RECORD
        places.append(position)
        position = end_of(view, position)


def _file_end(view: memoryview, position: int) -> int:
    _, flags, count, _ = FILE_HEADER.unpack_from(view, position)
    entries = count * (2 if flags & WITH_RANGE_HASHES else 1) + (1 if flags & WITH_SHA256 else 0)
    end: int = position + RECORD * (1 + entries)
    if end > len(view):
        raise BadShard(f"the file at byte {position} promises {entries} entries, more than follow")
    terms_at = position + RECORD
    for _, _, raw, start, stop in _TERM.iter_unpack(view[terms_at : terms_at + RECORD * count]):
        if not raw or not start < stop <= XORB_CHUNKS_MAX:
            raise BadShard(
                f"the file at byte {position} has a term of {raw} bytes over chunks {start} to "
                f"{stop}; it must hold bytes and end at most at chunk {XORB_CHUNKS_MAX}"
            )
    return end


def _xorb_end(view: memoryview, position: int) -> int:
    _, _, count, _, _ = XORB_HEADER.unpack_from(view, position)
    if not 1 <= count <= XORB_CHUNKS_MAX:
        raise BadShard(f"the xorb at byte {position} lists {count} chunks, 1 to {XORB_CHUNKS_MAX}")
    end: int = position + RECORD * (1 + count)
    if end > len(view):
        raise BadShard(f"the xorb at byte {position} promises {count} chunks, more than follow")
    return end


def _file_at(view: memoryview, position: int) -> ShardFile:
    file_hash, flags, count, _ = FILE_HEADER.unpack_from(view, position)
    position += RECORD
    terms = np.frombuffer(view, TERM_ENTRY, count=count, offset=position)
    columns = [terms[name].tobytes() for name in ("xorb", "raw", "start", "stop")]
    position += RECORD * count
    range_hashes = sha256 = None
    if flags & WITH_RANGE_HASHES:
        entries = np.frombuffer(view, HASH_ENTRY, count=count, offset=position)
        range_hashes = entries["hash"].tobytes()
        position += RECORD * count
    if flags & WITH_SHA256:
        sha256 = xet_hash.sha256_from_shard(bytes(view[position : position + HASH_BYTES]))
    return ShardFile(file_hash, Terms(b"".join(columns)), range_hashes, sha256)


def _xorb_at(view: memoryview, position: int) -> ShardXorb:
    xorb_hash, _, count, raw_total, stored = XORB_HEADER.unpack_from(view, position)
    chunks = np.frombuffer(view, CHUNK_ENTRY, count=count, offset=position + RECORD)
    offsets, lengths = tuple(chunks["offset"].tolist()), tuple(chunks["raw"].tolist())
    return ShardXorb(xorb_hash, chunks["hash"].tobytes(), offsets, lengths, raw_total, stored)
