"""Xorbs: what is written reads back, and whatever an uploader sends is answered with `BadXorb`."""

import itertools
import mmap
import random
import struct
import tempfile
import tracemalloc

import lz4.frame
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.table import ChunkTable
from strata.lib.xet.xorb import BadXorb, Scheme, decode_chunks, inspect
from strata.lib.xet.xorb_write import build, grouped

SCHEMES = [None, *Scheme]
MEMORY_BOUND = 2 * 1024 * 1024  # bytes Python may hold beyond the input, whatever the input says


def text(size: int) -> bytes:
    return (b'{"label": "cat", "score": 0.5}\n' * (size // 31 + 1))[:size]


def floats(size: int) -> bytes:
    values = np.random.default_rng(3).standard_normal(size // 4 + 1).astype("<f4")
    return values.tobytes()[:size]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


MAKERS = [text, floats, noise, bytes]
chunk_lists = st.lists(
    st.builds(
        lambda make, size: make(size),
        st.sampled_from(MAKERS),
        st.integers(1, 3000) | st.sampled_from([65536, 131071, 131072]),
    ),
    min_size=1,
    max_size=6,
)


def header(stored: int, scheme: int, raw: int, version: int = 0) -> bytes:
    return struct.pack("<Q", version | stored << 8 | scheme << 32 | raw << 40)


def footer(hashes: bytes, ends: list[int], offsets: list[int]) -> bytes:
    """The footer of old clients, layout V1."""
    count = struct.pack("<I", len(ends))
    numbers = b"".join([struct.pack("<I", number) for number in (*ends, *offsets)])
    body = b"XETBLOB\1" + bytes(32) + b"XBLBHSH\0" + count + hashes
    body += b"XBLBBND\1" + count + numbers + count + bytes(8 + 16)
    return body + struct.pack("<I", len(body))


@settings(deadline=None)
@given(chunk_lists, st.sampled_from(SCHEMES))
def test_built_xorb_is_inspected_as_built(chunks: list[bytes], scheme: Scheme | None) -> None:
    stored = build(chunks, scheme)
    xorb = inspect(stored)
    leaves = [(xet_hash.chunk_hash(chunk), len(chunk)) for chunk in chunks]
    assert xorb.hash == xet_hash.merkle_root(leaves)
    assert xorb.chunks.leaves() == leaves
    assert xorb.raw_total == xorb.chunks.raw_total == sum(map(len, chunks))
    assert xorb.stored_length == xorb.chunks.stored_length == len(stored)
    if scheme is not None:
        assert set(xorb.chunks.schemes.tolist()) <= {Scheme.PLAIN, scheme}
    assert [bytes(piece) for piece in decode_chunks(stored)] == chunks


@settings(deadline=None)
@given(chunk_lists, st.data())
def test_any_run_of_chunks_decodes_alone(chunks: list[bytes], data: st.DataObject) -> None:
    stored = build(chunks)
    table = inspect(stored).chunks
    start = data.draw(st.integers(0, len(chunks) - 1))
    stop = data.draw(st.integers(start + 1, len(chunks)))
    first, end = table.byte_span(start, stop)
    assert [bytes(piece) for piece in decode_chunks(stored[first:end])] == chunks[start:stop]


def test_schemes_are_used_where_they_help() -> None:
    kinds = [
        inspect(build([make(60_000)], scheme)).chunks.schemes[0]
        for make, scheme in ((text, None), (floats, None), (noise, None), (noise, Scheme.LZ4))
    ]
    assert kinds == [Scheme.LZ4, Scheme.GROUPED_LZ4, Scheme.PLAIN, Scheme.PLAIN]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 9])
def test_grouping_puts_longer_planes_first(size: int) -> None:
    raw = bytes(range(size))
    assert grouped(raw) == raw[0::4] + raw[1::4] + raw[2::4] + raw[3::4]


def test_pieces_stay_valid_while_later_ones_are_decoded() -> None:
    chunks = [floats(50_000 + 4 * step) for step in range(5)]
    pieces = list(decode_chunks(build(chunks, Scheme.GROUPED_LZ4)))
    assert [bytes(piece) for piece in pieces] == chunks


def test_mapped_file_is_inspected_and_can_be_closed() -> None:
    stored = build([text(70_000), noise(10)])
    with tempfile.TemporaryFile() as file:
        file.write(stored)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert inspect(mapped) == inspect(stored)


def test_footer_of_old_clients_is_ignored() -> None:
    chunks = [text(5000), noise(700)]
    stored = build(chunks)
    plain = inspect(stored)
    ends = plain.chunks.ends.tolist()
    offsets = list(itertools.accumulate(map(len, chunks)))
    assert inspect(stored + footer(plain.chunks.hashes, ends, offsets)) == plain


@pytest.mark.parametrize(
    "options",
    [
        {"content_checksum": True},
        {"block_checksum": True},
        {"store_size": True},
        {"block_linked": False},
        {"block_size": lz4.frame.BLOCKSIZE_MAX4MB, "content_checksum": True},
    ],
)
@pytest.mark.parametrize("size", [131072, 65536, 100])
def test_every_kind_of_frame_is_read(options: dict[str, int | bool], size: int) -> None:
    raw = text(size)
    frame = lz4.frame.compress(raw, **{"store_size": False, **options})
    stored = header(len(frame), 1, size) + frame
    assert inspect(stored).chunks.leaves() == [(xet_hash.chunk_hash(raw), size)]


FRAME = lz4.frame.compress(text(1000), store_size=False)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (b"", "no chunks"),
        (b"XETBLOB\1" + bytes(32), "no chunks"),
        (b"\0" * 7, "header of chunk 0 is cut off"),
        (header(5, 0, 5) + b"four", "payload of chunk 0 is cut off"),
        (header(5, 0, 5, version=1) + b"12345", "version 1"),
        (header(5, 3, 5) + b"12345", "unknown scheme 3"),
        (header(5, 99, 5) + b"12345", "unknown scheme 99"),
        (header(0, 0, 0), "declares 0 raw bytes"),
        (header(131073, 0, 131073) + bytes(131073), "declares 131073 raw bytes"),
        (header(262145, 1, 1) + bytes(262145), "stores 262145 bytes"),
        (header(5, 0, 6) + b"12345", "uncompressed but stores 5 of 6"),
        (header(5, 1, 5) + b"12345", "does not hold an LZ4 frame"),
        (header(0, 1, 5), "does not hold an LZ4 frame"),
        (header(4, 1, 5) + FRAME[:4], "does not hold an LZ4 frame"),
        (header(len(FRAME), 1, 999) + FRAME, "exactly the declared 999"),
        (header(len(FRAME), 1, 1001) + FRAME, "exactly the declared 1001"),
        (header(len(FRAME) + 1, 1, 1000) + FRAME + b"\0", "exactly the declared 1000"),
        (header(2 * len(FRAME), 1, 1000) + FRAME * 2, "exactly the declared 1000"),
        (header(len(FRAME) - 1, 1, 1000) + FRAME[:-1], "exactly the declared 1000"),
        (header(12, 1, 4) + b"\x50\x2a\x4d\x18\x04\0\0\0abcd", "does not hold an LZ4 frame"),
        (header(1, 0, 1) + b"a" + b"rest", "header of chunk 1 is cut off"),
        ((header(1, 0, 1) + b"a") * 8193, "more than 8192 chunks"),
        ((header(131072, 0, 131072) + bytes(131072)) * 513, "more than 67108864 raw bytes"),
        ((header(262144, 1, 1) + bytes(262144)) * 265, "more than 69206016 stored bytes"),
    ],
)
def test_broken_rules_are_named(stored: bytes, message: str) -> None:
    with pytest.raises(BadXorb, match=message):
        inspect(stored)


def test_largest_number_of_chunks_is_accepted() -> None:
    assert len(inspect((header(1, 0, 1) + b"a") * 8192).chunks) == 8192


def test_frame_that_expands_far_is_stopped_at_its_declared_length() -> None:
    bomb = lz4.frame.compress(bytes(50_000_000), store_size=False)[:262144]
    stored = header(len(bomb), 1, 131072) + bomb
    tracemalloc.start()
    with pytest.raises(BadXorb, match="exactly the declared"):
        inspect(stored)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEMORY_BOUND


def inspected_or_refused(stored: bytes) -> None:
    """Only `BadXorb` may come out, and memory stays bounded."""
    tracemalloc.start()
    try:
        inspect(stored)
        list(decode_chunks(stored))
    except BadXorb:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MEMORY_BOUND + 4 * len(stored)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.builds(lambda b: b"\0" + b, st.binary(max_size=300)))
def test_garbage_is_refused(garbage: bytes) -> None:
    inspected_or_refused(garbage)


GOOD = build([text(3000), floats(2000), noise(400)]) + build([text(2500)], Scheme.GROUPED_LZ4)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.integers(0, 8 * len(GOOD) - 1), min_size=1, max_size=4))
def test_flipped_bits_raise_nothing_else(places: list[int]) -> None:
    damaged = bytearray(GOOD)
    for place in places:
        damaged[place // 8] ^= 1 << place % 8
    inspected_or_refused(bytes(damaged))


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_truncation_is_refused_except_between_chunks(length: int) -> None:
    ends = inspect(GOOD).chunks.ends.tolist()
    if length in ends:
        assert inspect(GOOD[:length]).stored_length == length
    else:
        with pytest.raises(BadXorb):
            inspect(GOOD[:length])


def test_chunk_table_columns() -> None:
    hashes = bytes(range(64))
    table = ChunkTable.of(hashes, [10, 4_000_000_000], [5, 131072], [0, 2])
    assert len(table.packed) == 82
    assert ChunkTable(table.packed) == table
    assert table.hashes == hashes
    assert table.ends.tolist() == [10, 4_000_000_000]
    assert table.raw_lengths.tolist() == [5, 131072]
    assert table.schemes.tolist() == [0, 2]
    assert table.raw_offsets().tolist() == [0, 5, 131077]
    assert table.hash_span(1, 2) == table.hash_at(1) == hashes[32:]
    assert table.byte_span(0, 1) == (0, 10)
    assert table.byte_span(1, 2) == (10, 4_000_000_000)


def test_chunk_table_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no chunk table"):
        ChunkTable(bytes(42))
    with pytest.raises(ValueError, match="equally long"):
        ChunkTable.of(bytes(32), [1, 2], [1, 2], [0, 0])


@pytest.mark.parametrize(("chunks", "message"), [([], "1 to 8192"), ([b""], "1 to 131072")])
def test_impossible_xorbs_are_not_built(chunks: list[bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(chunks)
