"""Reconstruction: what clients and the server fetch, put together, is the slice of the file."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.xet import reconstruction as rc
from strata.lib.xet.hash import to_hex
from strata.lib.xet.table import ChunkTable, Term, Terms
from strata.lib.xet.xorb import decode_chunks, inspect
from strata.lib.xet.xorb_write import build


@dataclass
class Store:
    """A few small xorbs and a file over them."""

    stored: dict[bytes, bytes]
    tables: dict[bytes, ChunkTable]
    terms: Terms
    content: bytes

    def url(self, xorb: bytes, fetches: Sequence[rc.Fetch]) -> str:
        return to_hex(xorb)[:4] + ",".join([f"{f.first_byte}-{f.stop_byte}" for f in fetches])


@st.composite
def stores(draw: st.DrawFn) -> Store:
    store = Store({}, {}, Terms(b""), b"")
    pieces: dict[bytes, list[bytes]] = {}
    for number in range(draw(st.integers(1, 3))):
        sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
        chunks = [
            hashlib.shake_256(b"%d %d" % (number, place)).digest(size)
            for place, size in enumerate(sizes)
        ]
        raw = build(chunks)
        xorb = inspect(raw)
        store.stored[xorb.hash], store.tables[xorb.hash] = raw, xorb.chunks
        pieces[xorb.hash] = chunks
    terms = []
    for _ in range(draw(st.integers(1, 8))):
        name = draw(st.sampled_from(sorted(pieces)))
        start = draw(st.integers(0, len(pieces[name]) - 1))
        stop = draw(st.integers(start + 1, len(pieces[name])))
        raw = b"".join(pieces[name][start:stop])
        terms.append(Term(name, len(raw), start, stop))
        store.content += raw
    store.terms = Terms.of(terms)
    return store


def drawn_range(data: st.DataObject, size: int) -> tuple[int, int]:
    start = data.draw(st.integers(0, size - 1))
    return start, data.draw(st.integers(start + 1, size + 5))


@settings(deadline=None)
@given(stores(), st.data())
def test_client_reassembles_the_wanted_slice_from_v2(store: Store, data: st.DataObject) -> None:
    start, stop = drawn_range(data, len(store.content))
    planned = rc.plan(store.terms, rc.span(store.terms, start, stop), store.tables)
    answer = json.loads(json.dumps(rc.v2(planned, store.url)))
    stored = {to_hex(xorb): raw for xorb, raw in store.stored.items()}
    whole = b""
    for term in answer["terms"]:
        (pair,) = [
            pair
            for entry in answer["xorbs"][term["hash"]]
            for pair in entry["ranges"]
            if pair["chunks"]["start"] <= term["range"]["start"]
            and term["range"]["end"] <= pair["chunks"]["end"]
        ]
        fetched = stored[term["hash"]][pair["bytes"]["start"] : pair["bytes"]["end"] + 1]
        chunks = list(decode_chunks(fetched))
        assert len(chunks) == pair["chunks"]["end"] - pair["chunks"]["start"]
        first = term["range"]["start"] - pair["chunks"]["start"]
        last = term["range"]["end"] - pair["chunks"]["start"]
        decoded = b"".join(chunks[first:last])
        assert len(decoded) == term["unpacked_length"]
        whole += decoded
    offset = answer["offset_into_first_range"]
    wanted = store.content[start:stop]
    assert whole[offset : offset + len(wanted)] == wanted


@settings(deadline=None)
@given(stores(), st.data(), st.integers(1, 200))
def test_streamed_reads_give_the_wanted_slice(
    store: Store, data: st.DataObject, read_max: int
) -> None:
    start, stop = drawn_range(data, len(store.content))
    streamed = b""
    wanted = rc.span(store.terms, start, stop)
    for read in rc.reads(store.terms, wanted, store.tables.__getitem__, read_max):
        raw = b"".join(decode_chunks(store.stored[read.xorb][read.first_byte : read.stop_byte]))
        assert len(raw) <= max(read_max, 40)
        assert read.take == len(raw[read.skip : read.skip + read.take]) > 0
        streamed += raw[read.skip : read.skip + read.take]
    assert streamed == store.content[start:stop]


@settings(deadline=None)
@given(stores(), st.data())
def test_no_chunk_outside_the_range_is_asked_for(store: Store, data: st.DataObject) -> None:
    start, stop = drawn_range(data, len(store.content))
    planned = rc.plan(store.terms, rc.span(store.terms, start, stop), store.tables)
    first, last = planned.terms[0], planned.terms[-1]
    assert planned.offset_into_first < store.tables[first.xorb].raw_lengths[first.start]
    total = sum([term.raw_length for term in planned.terms])
    surplus = total - planned.offset_into_first - (min(stop, len(store.content)) - start)
    assert 0 <= surplus < store.tables[last.xorb].raw_lengths[last.stop - 1]


@settings(deadline=None)
@given(stores())
def test_fetches_are_sorted_apart_and_the_same_each_time(store: Store) -> None:
    whole = rc.span(store.terms)
    planned = rc.plan(store.terms, whole, store.tables)
    assert planned == rc.plan(store.terms, whole, dict(reversed(store.tables.items())))
    assert list(planned.fetches) == store.terms.xorbs()
    for fetches in planned.fetches.values():
        assert all(a.stop < b.start for a, b in itertools.pairwise(fetches))


TABLE = ChunkTable.of(bytes(96), [18, 48, 88], [10, 20, 30], [0, 0, 0])
XORB = bytes(range(32))
TERMS = Terms.of([Term(XORB, 30, 0, 2), Term(XORB, 50, 1, 3)])


def name(xorb: bytes, fetches: Sequence[rc.Fetch]) -> str:
    return f"{to_hex(xorb)[:2]}/{[(f.first_byte, f.stop_byte) for f in fetches]}"


def test_v1_shape() -> None:
    planned = rc.plan(TERMS, rc.span(TERMS, 12, 51), {XORB: TABLE})
    assert rc.v1(planned, name) == {
        "offset_into_first_range": 2,
        "terms": [
            {"hash": to_hex(XORB), "unpacked_length": 20, "range": {"start": 1, "end": 2}},
            {"hash": to_hex(XORB), "unpacked_length": 50, "range": {"start": 1, "end": 3}},
        ],
        "fetch_info": {
            to_hex(XORB): [
                {
                    "range": {"start": 1, "end": 3},
                    "url": "07/[(18, 88)]",
                    "url_range": {"start": 18, "end": 87},
                }
            ]
        },
    }


def test_many_ranges_are_spread_over_several_urls() -> None:
    count = 2 * rc.RANGES_PER_URL + 1
    table = ChunkTable.of(
        bytes(32 * 2 * count), range(9, 18 * count + 9, 9), [1] * 2 * count, [0] * 2 * count
    )
    terms = Terms.of([Term(XORB, 1, 2 * place, 2 * place + 1) for place in range(count)])
    answer = rc.v2(rc.plan(terms, rc.span(terms), {XORB: table}), name)
    entries = answer["xorbs"][to_hex(XORB)]
    assert [len(entry["ranges"]) for entry in entries] == [256, 256, 1]
    assert len({entry["url"] for entry in entries}) == 3


@pytest.mark.parametrize(("start", "stop"), [(80, None), (80, 90), (5, 5), (9, 3), (-1, 3)])
def test_range_outside_the_file_is_refused(start: int, stop: int | None) -> None:
    with pytest.raises(rc.OutsideFile):
        rc.span(TERMS, start, stop)


def test_empty_file_has_an_empty_reconstruction() -> None:
    empty = Terms(b"")
    assert rc.plan(empty, rc.span(empty), {}) == rc.Reconstruction(0, (), {})
    assert list(rc.reads(empty, rc.span(empty), {XORB: TABLE}.__getitem__)) == []
    with pytest.raises(rc.OutsideFile):
        rc.span(empty, 0, 1)


def test_missing_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        rc.plan(TERMS, rc.span(TERMS), {})


def test_only_xorbs_of_the_span_are_needed() -> None:
    names = [bytes([n]) * 32 for n in range(5)]
    terms = Terms.of([Term(name, 10, 0, 1) for name in names])
    wanted = rc.span(terms, 10, 31)
    assert terms.xorbs(wanted.first, wanted.end) == names[1:4]
    assert terms.xorbs() == names


def test_terms_columns_read_back() -> None:
    listed = [Term(b"a" * 32, 5, 0, 2), Term(b"b" * 32, 2**32 - 1, 7, 8192)]
    terms = Terms.of(listed)
    assert len(terms.packed) == 88
    assert list(Terms(terms.packed)) == listed
    assert terms[1] == listed[1]
    assert terms.size == 2**32 + 4
    assert terms.offsets().tolist() == [0, 5, 2**32 + 4]
    with pytest.raises(IndexError):
        terms[2]
    with pytest.raises(ValueError, match="no terms"):
        Terms(bytes(45))
