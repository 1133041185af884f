"""Write shards: the answer to a dedup question, and uploads in every dialect clients speak.

Layout: https://huggingface.co/docs/xet/shard. Lookup tables are optional; a client scans the
section when they are empty.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.limits import HASH_BYTES
from strata.lib.xet.shard import (
    BOOKEND,
    CHUNK_ENTRY,
    FILE_HEADER,
    HASH_ENTRY,
    HEADER,
    HEADER_TAG,
    RECORD,
    TERM_ENTRY,
    VERSION,
    XORB_HEADER,
    ShardFile,
    ShardXorb,
)
from strata.lib.xet.table import ChunkTable

FOOTER_SIZE = 200
_FOOTER = struct.Struct("<9Q32sQQ48s4Q")
_FOOTER_VERSION = 1
_CANDIDATE = 1 << 31  # chunk flag: clients may ask about this chunk
_END = BOOKEND.ljust(RECORD, b"\0")


@dataclass(frozen=True, slots=True)
class Footer:
    """What a shard says about itself at its end."""

    key: bytes = xet_hash.ZERO  # chunk hashes are keyed with it; zero: they are not
    created: int = 0  # Unix seconds
    expiry: int = 0  # Unix seconds
    lookups: bool = False  # write the optional lookup tables


@dataclass(frozen=True, slots=True)
class _Lookups:
    """The three optional tables, each a sequence of sorted rows."""

    files: bytes
    xorbs: bytes
    chunks: bytes

    @property
    def offsets_and_counts(self) -> list[tuple[int, int]]:
        """Where each table begins after the sections, and how many rows it has."""
        sizes = [(self.files, 12), (self.xorbs, 12), (self.chunks, 16)]
        begins = [0, len(self.files), len(self.files) + len(self.xorbs)]
        return [(at, len(t) // width) for at, (t, width) in zip(begins, sizes, strict=True)]


def dedup_answer(
    xorbs: Iterable[tuple[bytes, ChunkTable]], key: bytes, created: int, expiry: int
) -> bytes:
    """Describe xorbs, given as (hash, chunks), to a client that asked about one of their chunks.

    Chunk hashes are keyed, so that only who holds a chunk recognises it. Times are Unix seconds; an
    expiry in the past makes a client forget the answer when its process ends.
    """
    described = [_described(xorb, chunks, key) for xorb, chunks in xorbs]
    return build([], described, Footer(key, created, expiry))


def _described(xorb: bytes, chunks: ChunkTable, key: bytes) -> tuple[ShardXorb, list[int]]:
    hidden = [xet_hash.keyed(chunks.hash_at(index), key) for index in range(len(chunks))]
    entry = ShardXorb(
        hash=xorb,
        hashes=b"".join(hidden),
        raw_offsets=tuple(chunks.raw_offsets()[:-1].tolist()),
        raw_lengths=tuple(chunks.raw_lengths.tolist()),
        raw_total=chunks.raw_total,
        stored_length=chunks.stored_length,
    )
    return entry, chunks.dedup_candidates()


def build(
    files: Sequence[ShardFile],
    xorbs: Sequence[tuple[ShardXorb, Sequence[int]]],
    footer: Footer | None = None,
    *,
    claimed_footer_size: int | None = None,
) -> bytes:
    """Serialize a shard; each xorb comes with the chunks to mark as dedup candidates.

    `claimed_footer_size` is for the dialect whose header promises a footer that is not sent.
    """
    true_size = FOOTER_SIZE if footer else 0
    size = true_size if claimed_footer_size is None else claimed_footer_size
    file_section = b"".join([_file_record(file) for file in files]) + _END
    xorb_section = b"".join([_xorb_record(*xorb) for xorb in xorbs]) + _END
    sections = HEADER.pack(HEADER_TAG, VERSION, size) + file_section + xorb_section
    if footer is None:
        return sections
    only_xorbs = [xorb for xorb, _ in xorbs]
    lookups = _lookups(files, only_xorbs) if footer.lookups else _Lookups(b"", b"", b"")
    body = sections + lookups.files + lookups.xorbs + lookups.chunks
    xorb_offset = HEADER.size + len(file_section)
    tables = [
        number
        for begin, count in lookups.offsets_and_counts
        for number in (len(sections) + begin, count)
    ]
    totals = 0, _materialized(files), sum([xorb.stored_length for xorb in only_xorbs])
    return body + _FOOTER.pack(
        *(_FOOTER_VERSION, HEADER.size, xorb_offset, *tables),
        *(footer.key, footer.created, footer.expiry, b"", *totals, len(body)),
    )


def _materialized(files: Sequence[ShardFile]) -> int:
    return sum([file.terms.size for file in files])


def _file_record(file: ShardFile) -> bytes:
    count = len(file.terms)
    rows = np.zeros(count, TERM_ENTRY)
    rows["xorb"] = np.frombuffer(file.terms.packed, "V32", count=count)
    rows["raw"] = [term.raw_length for term in file.terms]
    rows["start"] = [term.start for term in file.terms]
    rows["stop"] = [term.stop for term in file.terms]
    parts = [FILE_HEADER.pack(file.hash, file.flags, count, 0), rows.tobytes()]
    if file.range_hashes is not None:
        proofs = np.zeros(count, HASH_ENTRY)
        proofs["hash"] = np.frombuffer(file.range_hashes, "V32")
        parts.append(proofs.tobytes())
    if file.sha256 is not None:
        parts.append(xet_hash.sha256_to_shard(file.sha256).ljust(RECORD, b"\0"))
    return b"".join(parts)


def _xorb_record(xorb: ShardXorb, candidates: Sequence[int]) -> bytes:
    rows = np.zeros(len(xorb.raw_lengths), CHUNK_ENTRY)
    rows["hash"] = np.frombuffer(xorb.hashes, "V32")
    rows["offset"] = xorb.raw_offsets
    rows["raw"] = xorb.raw_lengths
    rows["flags"][list(candidates)] = _CANDIDATE
    header = XORB_HEADER.pack(xorb.hash, 0, len(rows), xorb.raw_total, xorb.stored_length)
    return header + rows.tobytes()


def _lookups(files: Sequence[ShardFile], xorbs: Sequence[ShardXorb]) -> _Lookups:
    """Index the sections by the first number of each hash; values are record places."""
    file_rows, xorb_rows, chunk_rows = [], [], []
    place = 0
    for file in files:
        file_rows.append((_first_number(file.hash), place))
        place += 1 + len(file.terms) * (2 if file.range_hashes is not None else 1)
        place += file.sha256 is not None
    place = 0
    for xorb in xorbs:
        xorb_rows.append((_first_number(xorb.hash), place))
        for index in range(len(xorb.raw_lengths)):
            raw = xorb.hashes[HASH_BYTES * index : HASH_BYTES * (index + 1)]
            chunk_rows.append((_first_number(raw), place, index))
        place += 1 + len(xorb.raw_lengths)
    return _Lookups(
        b"".join([struct.pack("<QI", *row) for row in sorted(file_rows)]),
        b"".join([struct.pack("<QI", *row) for row in sorted(xorb_rows)]),
        b"".join([struct.pack("<QII", *row) for row in sorted(chunk_rows)]),
    )


def _first_number(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little")
