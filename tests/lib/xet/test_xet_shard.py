"""Shards: every dialect reads back; damage is answered with `BadShard` only."""

import struct
import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.shard import BadShard, Shard, ShardFile, ShardXorb, parse
from strata.lib.xet.shard_write import Footer, build, dedup_answer
from strata.lib.xet.table import ChunkTable, Term, Terms

hashes = st.binary(min_size=32, max_size=32).filter(lambda raw: raw != b"\xff" * 32)
u32 = st.integers(0, 2**32 - 1)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    start = draw(st.integers(0, 8191))
    length = draw(st.integers(1, 2**26))
    return Term(draw(hashes), length, start, draw(st.integers(start + 1, 8192)))


@st.composite
def files(draw: st.DrawFn) -> ShardFile:
    listed = draw(st.lists(terms(), max_size=4))
    proofs = b"".join([draw(hashes) for _ in listed]) if draw(st.booleans()) else None
    digest = draw(hashes).hex() if draw(st.booleans()) else None
    return ShardFile(draw(hashes), Terms.of(listed), proofs, digest)


@st.composite
def xorbs(draw: st.DrawFn) -> tuple[ShardXorb, list[int]]:
    count = draw(st.integers(1, 5))
    numbers = st.lists(u32, min_size=count, max_size=count).map(tuple)
    listed = b"".join([draw(hashes) for _ in range(count)])
    xorb = ShardXorb(draw(hashes), listed, draw(numbers), draw(numbers), draw(u32), draw(u32))
    return xorb, draw(st.lists(st.integers(0, count - 1), max_size=2))


DIALECTS: list[tuple[Footer | None, int | None]] = [
    (None, None),  # hf_xet since 1.3
    (None, 200),  # hf_xet 1.1.10 to 1.2.0
    (Footer(lookups=True), None),  # hf_xet up to 1.1.5
    (Footer(b"k" * 32, 1, 2), None),  # @huggingface/hub
]


@settings(deadline=None)
@given(st.lists(files(), max_size=4), st.lists(xorbs(), max_size=3), st.sampled_from(DIALECTS))
def test_every_dialect_reads_back(
    listed: list[ShardFile],
    held: list[tuple[ShardXorb, list[int]]],
    dialect: tuple[Footer | None, int | None],
) -> None:
    footer, claimed = dialect
    shard = parse(build(listed, held, footer, claimed_footer_size=claimed))
    assert list(shard.files) == listed
    assert list(shard.xorbs) == [xorb for xorb, _ in held]


def example() -> bytes:
    term = Term(b"x" * 32, 300, 0, 2)
    file = ShardFile(b"f" * 32, Terms.of([term, term]), b"r" * 64, "ab" * 32)
    return build([file], [(ShardXorb(b"x" * 32, b"c" * 64, (0, 100), (100, 200), 300), [1])])


GOOD = example()
FILE, TERM, XORB = 48, 96, 48 + 6 * 48 + 48  # where these begin in GOOD


def test_known_layout_of_an_upload() -> None:
    assert GOOD[:14] == b"HFRepoMetaData"
    assert GOOD[14:32].hex() == "00556967456a7b815783a5bdd95ccdd14aa9"
    assert struct.unpack_from("<QQ", GOOD, 32) == (2, 0)
    assert struct.unpack_from("<32sIIQ", GOOD, FILE) == (b"f" * 32, 0xC0000000, 2, 0)
    assert struct.unpack_from("<32s4I", GOOD, TERM) == (b"x" * 32, 0, 300, 0, 2)
    assert struct.unpack_from("<32s4I", GOOD, XORB) == (b"x" * 32, 0, 2, 300, 0)
    assert struct.unpack_from("<32s4I", GOOD, XORB + 96) == (b"c" * 32, 100, 200, 1 << 31, 0)
    assert GOOD[-48:] == b"\xff" * 32 + bytes(16)
    assert len(GOOD) == XORB + 4 * 48


def patched(place: int, replacement: bytes) -> bytes:
    return GOOD[:place] + replacement + GOOD[place + len(replacement) :]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "shorter than its header"),
        (patched(3, b"?"), "shard tag"),
        (patched(32, b"\3"), "version 3"),
        (GOOD[:48], "breaks off"),
        (GOOD[:-1], "breaks off"),
        (GOOD[:XORB], "breaks off"),
        (patched(FILE + 36, b"\xff\xff\xff\xff"), "promises 8589934591 entries"),
        (patched(XORB + 36, b"\xff\xff\xff\xff"), "lists 4294967295 chunks"),
        (patched(XORB + 36, b"\0"), "lists 0 chunks"),
        (patched(XORB + 36, b"\0\x20"), "promises 8192 chunks"),
        (patched(TERM + 40, b"\2"), "300 bytes over chunks 2 to 2"),
        (patched(TERM + 36, bytes(4)), "term of 0 bytes"),
        (patched(TERM + 44, b"\1\x20"), "chunks 0 to 8193"),
        (bytes(64 * 1024 * 1024 + 1), "at most 67108864"),
    ],
)
def test_broken_rules_are_named(raw: bytes, message: str) -> None:
    with pytest.raises(BadShard, match=message):
        parse(raw)


def test_what_follows_the_second_bookend_is_ignored() -> None:
    assert read(parse(GOOD + b"anything")) == read(parse(GOOD))


def read(shard: Shard) -> tuple[list[ShardFile], list[ShardXorb]]:
    return list(shard.files), list(shard.xorbs)


def parsed_or_refused(raw: bytes) -> None:
    tracemalloc.start()
    try:
        read(parse(raw))
    except BadShard:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 100_000 + 20 * len(raw)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.integers(0, 8 * len(GOOD) - 1), min_size=1, max_size=4))
def test_flipped_bits_raise_nothing_else(places: list[int]) -> None:
    damaged = bytearray(GOOD)
    for place in places:
        damaged[place // 8] ^= 1 << place % 8
    parsed_or_refused(bytes(damaged))


@settings(deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_garbage_is_refused(garbage: bytes, tagged: bool) -> None:  # noqa: FBT001  drawn by hypothesis
    parsed_or_refused(GOOD[:48] + garbage if tagged else garbage)


def test_a_hundred_thousand_empty_files_cost_only_their_places() -> None:
    empty = ShardFile(b"e" * 32, Terms(b""), None, None)
    raw = build([empty] * 100_000, [])
    tracemalloc.start()
    shard = parse(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shard.files) == 100_000
    assert shard.files[99_999] == empty
    assert peak < len(raw) / 4


CHUNKS = [bytes([n]) * 32 for n in (1, 2)] + [b"\0" * 32]
TABLE = ChunkTable.of(b"".join(CHUNKS), [18, 48, 158], [10, 20, 100], [0, 0, 1])


def test_dedup_answer_hides_chunk_hashes_and_ends_in_a_footer() -> None:
    key = bytes(range(32))
    answer = dedup_answer([(b"x" * 32, TABLE)], key, created=1000, expiry=2000)
    shard = parse(answer)
    assert len(shard.files) == 0
    (xorb,) = shard.xorbs
    assert xorb.hashes == b"".join([xet_hash.keyed(chunk, key) for chunk in CHUNKS])
    assert (xorb.raw_offsets, xorb.raw_lengths, xorb.raw_total) == ((0, 10, 30), (10, 20, 100), 130)
    fields = struct.unpack("<9Q32sQQ48s4Q", answer[-200:])
    end = len(answer) - 200
    assert fields[:9] == (1, 48, 96, end, 0, end, 0, end, 0)
    assert fields[9:13] == (key, 1000, 2000, bytes(48))
    assert fields[13:] == (0, 0, 158, end)
    assert struct.unpack_from("<Q", answer, 40) == (200,)


def test_dedup_answer_marks_candidates() -> None:
    answer = dedup_answer([(b"x" * 32, TABLE)], b"k" * 32, created=0, expiry=0)
    flags = [struct.unpack_from("<I", answer, 144 + 48 * n + 40)[0] for n in range(3)]
    assert flags == [0, 0, 1 << 31]


def test_lookup_tables_point_at_records() -> None:
    file = ShardFile(b"f" * 32, Terms.of([Term(b"x" * 32, 1, 0, 1)]), b"r" * 32, "ab" * 32)
    held = ShardXorb(b"x" * 32, b"d" * 32 + b"c" * 32, (0, 1), (1, 1), 2)
    raw = build([file, file], [(held, []), (held, [])], Footer(lookups=True))
    fields = struct.unpack("<9Q", raw[-200:-128])
    assert fields[4::2] == (2, 2, 4)
    rows = [struct.unpack_from("<QI", raw, fields[3] + 12 * n) for n in range(2)]
    assert rows == [(int.from_bytes(b"f" * 8, "little"), place) for place in (0, 4)]
    rows = [struct.unpack_from("<QI", raw, fields[5] + 12 * n) for n in range(2)]
    assert rows == [(int.from_bytes(b"x" * 8, "little"), place) for place in (0, 3)]
    chunk_rows = [struct.unpack_from("<QII", raw, fields[7] + 16 * n)[1:] for n in range(4)]
    assert chunk_rows == [(0, 1), (3, 1), (0, 0), (3, 0)]


def test_same_chunks_compares_hashes_and_lengths() -> None:
    def held(lengths: tuple[int, ...]) -> ShardXorb:
        return ShardXorb(b"x" * 32, b"".join(CHUNKS), (0, 10, 30), lengths, 130)

    assert held((10, 20, 100)).same_chunks(TABLE)
    assert not held((10, 21, 99)).same_chunks(TABLE)
    assert not held((10, 20, 100)).same_chunks(ChunkTable(b""))
