"""From a file's terms and a wanted byte range to what has to be fetched; arithmetic only.

Terms are trimmed to whole chunks that touch the range. Per xorb, neighbouring and overlapping chunk
ranges become one, so each term lies inside exactly one fetched range. The same question always has
the same answer: a client asks again when a URL expired and insists on the same bytes.
Shapes: https://huggingface.co/docs/xet/api (v1), xet-core `cas_types` (v2).
"""

import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from strata.lib.xet.hash import to_hex
from strata.lib.xet.table import ChunkTable, Term, Terms

RANGES_PER_URL = 256  # more make a URL or a Range header longer than common proxies allow
READ_MAX = 4 * 1024 * 1024  # raw bytes one `Read` aims at


class OutsideFile(ValueError):
    """The wanted range begins at or after the end of the file, or is empty."""


@dataclass(frozen=True, slots=True)
class Span:
    """The wanted bytes and the terms that hold them; ends are exclusive."""

    start: int  # byte in the file
    stop: int
    first: int  # term
    end: int
    first_offset: int  # byte in the file where term `first` begins
    last_offset: int  # byte in the file where term `end - 1` begins


@dataclass(frozen=True, slots=True)
class Fetch:
    """A run of stored chunks to read from one xorb; ends are exclusive."""

    start: int  # chunk
    stop: int
    first_byte: int  # in the stored stream
    stop_byte: int


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """How to put a byte range together."""

    offset_into_first: int  # bytes to drop at the front of the first term
    terms: tuple[Term, ...]
    fetches: dict[bytes, tuple[Fetch, ...]]  # by xorb hash, sorted by chunk


@dataclass(frozen=True, slots=True)
class Read:
    """A piece of the file: decode these stored bytes, drop `skip`, use `take`."""

    xorb: bytes
    first_byte: int  # in the stored stream
    stop_byte: int  # exclusive
    skip: int  # raw bytes
    take: int  # raw bytes


class Range(TypedDict):
    """A range as JSON; chunk ranges end exclusively, byte ranges inclusively."""

    start: int
    end: int


class TermJson(TypedDict):
    """A term as JSON."""

    hash: str
    unpacked_length: int
    range: Range


class FetchInfo(TypedDict):
    """One thing to fetch in the v1 shape."""

    range: Range
    url: str
    url_range: Range


class ReconstructionV1(TypedDict):
    """The answer of `/v1/reconstructions`."""

    offset_into_first_range: int
    terms: list[TermJson]
    fetch_info: dict[str, list[FetchInfo]]


class RangePair(TypedDict):
    """Chunks and the stored bytes that hold them."""

    chunks: Range
    bytes: Range


class XorbFetch(TypedDict):
    """One URL and all ranges it may be read at, in the v2 shape."""

    url: str
    ranges: list[RangePair]


class ReconstructionV2(TypedDict):
    """The answer of `/v2/reconstructions`."""

    offset_into_first_range: int
    terms: list[TermJson]
    xorbs: dict[str, list[XorbFetch]]


def span(terms: Terms, start: int = 0, stop: int | None = None) -> Span:
    """Find the terms that hold bytes `start` to `stop` (exclusive) of a file.

    A stop past the end means the end. `terms.xorbs(span.first, span.end)` are the xorbs whose chunk
    tables `plan` needs.

    Raises:
        OutsideFile: no byte of the file is in the range; an empty file may be wanted as a whole.
    """
    offsets = terms.offsets()
    size = int(offsets[-1])
    if size == start == 0 and not stop:
        return Span(0, 0, 0, 0, 0, 0)
    stop = size if stop is None else min(stop, size)
    if not 0 <= start < stop:
        raise OutsideFile(f"the range begins at byte {start} of a file of {size} bytes")
    first = int(np.searchsorted(offsets, start, "right")) - 1
    end = int(np.searchsorted(offsets, stop, "left"))
    return Span(start, stop, first, end, int(offsets[first]), int(offsets[end - 1]))


def plan(terms: Terms, wanted: Span, tables: Mapping[bytes, ChunkTable]) -> Reconstruction:
    """Trim the terms of a span and merge what they need of each xorb.

    Raises:
        KeyError: `tables` lacks a xorb of the span.
    """
    kept = terms.span(wanted.first, wanted.end)
    if not kept:
        return Reconstruction(0, (), {})
    kept[-1] = _without_tail(kept[-1], tables[kept[-1].xorb], wanted.stop - wanted.last_offset)
    kept[0], offset = _without_head(
        kept[0], tables[kept[0].xorb], wanted.start - wanted.first_offset
    )
    runs: dict[bytes, list[tuple[int, int]]] = {}
    for term in kept:
        runs.setdefault(term.xorb, []).append((term.start, term.stop))
    fetches = {xorb: _fetches(tables[xorb], needed) for xorb, needed in runs.items()}
    return Reconstruction(offset, tuple(kept), fetches)


def _without_tail(term: Term, table: ChunkTable, wanted: int) -> Term:
    """Drop the chunks of a term that begin after its first `wanted` bytes."""
    offsets = table.raw_offsets(term.start, term.stop)
    count = int(np.searchsorted(offsets, wanted, "left"))
    return replace(term, raw_length=int(offsets[count]), stop=term.start + count)


def _without_head(term: Term, table: ChunkTable, skipped: int) -> tuple[Term, int]:
    """Drop the chunks of a term that end within its first `skipped` bytes; say how many remain."""
    offsets = table.raw_offsets(term.start, term.stop)
    count = int(np.searchsorted(offsets, skipped, "right")) - 1
    dropped = int(offsets[count])
    shorter = replace(term, raw_length=term.raw_length - dropped, start=term.start + count)
    return shorter, skipped - dropped


def _fetches(table: ChunkTable, runs: list[tuple[int, int]]) -> tuple[Fetch, ...]:
    """Merge chunk runs that touch or overlap, and find their bytes."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(runs):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], stop)
        else:
            merged.append((start, stop))
    return tuple([Fetch(start, stop, *table.byte_span(start, stop)) for start, stop in merged])


def reads(
    terms: Terms,
    wanted: Span,
    chunks_of: Callable[[bytes], ChunkTable],
    read_max: int = READ_MAX,
) -> Iterator[Read]:
    """Yield what to read and decode, piece by piece, to stream the bytes of a span.

    `chunks_of` is called once per term, when its turn comes; each piece decodes to about `read_max`
    raw bytes at most (a single chunk may be larger).
    """
    position = wanted.first_offset
    for term in terms.span(wanted.first, wanted.end):
        low = max(wanted.start - position, 0)
        high = min(wanted.stop - position, term.raw_length)
        yield from _term_reads(term, chunks_of(term.xorb), (low, high), read_max)
        position += term.raw_length


def _term_reads(
    term: Term, table: ChunkTable, wanted: tuple[int, int], read_max: int
) -> Iterator[Read]:
    offsets: list[int] = table.raw_offsets(term.start, term.stop).tolist()
    low, high = wanted
    first = bisect.bisect_right(offsets, low) - 1
    end = bisect.bisect_left(offsets, high)
    while first < end:
        reached = bisect.bisect_right(offsets, offsets[first] + read_max) - 1
        stop = min(max(reached, first + 1), end)
        take = min(high, offsets[stop]) - low
        first_byte, stop_byte = table.byte_span(term.start + first, term.start + stop)
        yield Read(term.xorb, first_byte, stop_byte, low - offsets[first], take)
        first, low = stop, offsets[stop]


UrlFor = Callable[[bytes, Sequence[Fetch]], str]


def v1(reconstruction: Reconstruction, url: UrlFor) -> ReconstructionV1:
    """Give the v1 answer; `url(xorb hash, fetches)` names where exactly these may be read."""
    return {
        "offset_into_first_range": reconstruction.offset_into_first,
        "terms": _terms_json(reconstruction),
        "fetch_info": {
            to_hex(xorb): [
                {"range": _chunks(f), "url": url(xorb, [f]), "url_range": _bytes(f)}
                for f in fetches
            ]
            for xorb, fetches in reconstruction.fetches.items()
        },
    }


def v2(reconstruction: Reconstruction, url: UrlFor) -> ReconstructionV2:
    """Give the v2 answer; a URL covers up to `RANGES_PER_URL` ranges of its xorb."""
    return {
        "offset_into_first_range": reconstruction.offset_into_first,
        "terms": _terms_json(reconstruction),
        "xorbs": {
            to_hex(xorb): [
                _xorb_fetch(xorb, fetches[at : at + RANGES_PER_URL], url)
                for at in range(0, len(fetches), RANGES_PER_URL)
            ]
            for xorb, fetches in reconstruction.fetches.items()
        },
    }


def _xorb_fetch(xorb: bytes, fetches: Sequence[Fetch], url: UrlFor) -> XorbFetch:
    pairs: list[RangePair] = [{"chunks": _chunks(f), "bytes": _bytes(f)} for f in fetches]
    return {"url": url(xorb, fetches), "ranges": pairs}


def _terms_json(reconstruction: Reconstruction) -> list[TermJson]:
    texts = {xorb: to_hex(xorb) for xorb in reconstruction.fetches}
    return [
        {
            "hash": texts[term.xorb],
            "unpacked_length": term.raw_length,
            "range": {"start": term.start, "end": term.stop},
        }
        for term in reconstruction.terms
    ]


def _chunks(fetch: Fetch) -> Range:
    return {"start": fetch.start, "end": fetch.stop}


def _bytes(fetch: Fetch) -> Range:
    return {"start": fetch.first_byte, "end": fetch.stop_byte - 1}
