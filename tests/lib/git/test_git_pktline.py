"""Framing survives any content and any cutting of the stream."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.git.protocol.pktline import (
    DELIM,
    FLUSH,
    MAX_PAYLOAD,
    RESPONSE_END,
    Malformed,
    Marker,
    Packet,
    Reader,
    decode,
    encode,
)

MARKS = {Marker.FLUSH: FLUSH, Marker.DELIM: DELIM, Marker.RESPONSE_END: RESPONSE_END}
packets = st.lists(st.one_of(st.binary(max_size=300), st.sampled_from(Marker)), max_size=20)


def framed(content: Sequence[Packet]) -> bytes:
    return b"".join(MARKS[one] if isinstance(one, Marker) else encode(one) for one in content)


async def in_pieces(whole: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    places = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        yield whole[start:end]


@settings(deadline=None)
@given(packets)
def test_what_was_encoded_is_decoded(content: list[Packet]) -> None:
    assert decode(framed(content)) == content


@settings(deadline=None)
@given(packets, st.binary(max_size=50), st.lists(st.integers(0, 10_000), max_size=10))
def test_a_stream_reads_the_same_however_it_is_cut(
    content: list[Packet], tail: bytes, cuts: list[int]
) -> None:
    async def read() -> tuple[list[Packet | None], bytes]:
        reader = Reader(in_pieces(framed(content) + tail, cuts), 1 << 20)
        found = [await reader.packet() for _ in content]
        return found, b"".join([piece async for piece in reader.rest()])

    assert asyncio.run(read()) == (content, tail)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_packets_or_malformed(raw: bytes) -> None:
    async def read() -> list[Packet]:
        reader = Reader(in_pieces(raw, []), 1000)
        found: list[Packet] = []
        while (packet := await reader.packet()) is not None:
            found.append(packet)
        return found

    try:
        whole = decode(raw)
    except Malformed:
        with pytest.raises(Malformed):
            asyncio.run(read())
    else:
        assert asyncio.run(read()) == whole


def test_the_longest_packet_and_one_byte_more() -> None:
    assert decode(encode(b"x" * MAX_PAYLOAD)) == [b"x" * MAX_PAYLOAD]
    with pytest.raises(ValueError, match="at most"):
        encode(b"x" * (MAX_PAYLOAD + 1))


@pytest.mark.parametrize(
    "raw", [b"0003", b"fff5" + b"x" * 70000, b"00", b"zzzz", b"0009abc", b"+005a"]
)
def test_broken_framing_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode(raw)


def test_a_reader_stops_at_its_limit() -> None:
    async def read() -> None:
        reader = Reader(in_pieces(encode(b"x" * 50) * 3, []), 120)
        await reader.packet()
        await reader.packet()
        with pytest.raises(Malformed, match="more commands"):
            await reader.packet()

    asyncio.run(read())
