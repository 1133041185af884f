"""Synchronous iterators streamed from worker threads."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from starlette.types import Message
from typing_extensions import override

from strata.lib.http.iterate import StreamedAnswer, stream_threaded


class Source:
    """An iterator that tells how far it got, where it ran, and whether it was closed."""

    def __init__(self, pieces: int, size: int = 1000, fails_at: int | None = None) -> None:
        self.produced = 0
        self.closed = 0
        self.threads: set[int] = set()
        self._pieces = pieces
        self._size = size
        self._fails_at = fails_at

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        assert not self.closed
        self.threads.add(threading.get_ident())
        if self.produced == self._fails_at:
            raise RuntimeError("broken half-way")
        if self.produced == self._pieces:
            raise StopIteration
        self.produced += 1
        return b"x" * self._size

    def close(self) -> None:
        self.closed += 1


async def collected(source: Source, hop_bytes: int = 10_000) -> list[bytes]:
    async with aclosing(stream_threaded(source, hop_bytes=hop_bytes)) as pieces:
        return [piece async for piece in pieces]


def test_everything_comes_in_large_pieces_from_other_threads() -> None:
    source = Source(95)
    pieces = asyncio.run(collected(source))
    assert sum(map(len, pieces)) == 95_000
    assert len(pieces) == 10
    assert threading.get_ident() not in source.threads
    assert source.closed == 1


def test_an_empty_iterator_yields_nothing() -> None:
    assert asyncio.run(collected(Source(0))) == []


def test_a_failure_reaches_the_reader_and_closes_the_source() -> None:
    source = Source(95, fails_at=42)
    with pytest.raises(RuntimeError, match="half-way"):
        asyncio.run(collected(source))
    assert source.closed == 1


def test_it_runs_no_further_ahead_than_one_hop() -> None:
    source = Source(1000)

    async def story() -> None:
        async with aclosing(stream_threaded(source, hop_bytes=10_000)) as pieces:
            await anext(pieces)
            await asyncio.sleep(0.1)
            assert source.produced == 20

    asyncio.run(story())
    assert source.closed == 1


def test_a_cancelled_reader_closes_the_source_after_its_thread() -> None:
    release = threading.Event()

    class Slow(Source):
        @override
        def __next__(self) -> bytes:
            release.wait(5)
            return super().__next__()

    source = Slow(1000)

    async def story() -> None:
        reader = asyncio.ensure_future(collected(source))
        await asyncio.sleep(0.05)
        reader.cancel()
        await asyncio.sleep(0.05)
        assert source.closed == 0
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await reader

    asyncio.run(story())
    assert source.closed == 1


def answered(
    source: Source, *, method: str = "GET", leaves_after: int | None = None
) -> list[Message]:
    sent: list[Message] = []

    async def story() -> None:
        left = asyncio.Event()

        async def receive() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) == leaves_after:
                left.set()
                await asyncio.sleep(3600)

        await StreamedAnswer(source, {"Content-Type": "x/y"})(
            {"type": "http", "method": method}, receive, send
        )

    asyncio.run(story())
    return sent


def test_an_answer_streams_the_iterator() -> None:
    source = Source(3)
    sent = answered(source)
    assert sent[0] == {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"x/y")],
    }
    assert b"".join(message["body"] for message in sent[1:]) == b"x" * 3000
    assert sent[-1]["more_body"] is False
    assert source.closed == 1


def test_a_client_that_leaves_closes_the_source() -> None:
    source = Source(10_000)
    answered(source, leaves_after=2)
    assert source.closed == 1
    assert source.produced < 10_000


def test_an_iterator_that_fails_at_once_can_still_become_an_error() -> None:
    source = Source(10, fails_at=0)
    with pytest.raises(RuntimeError, match="half-way"):
        answered(source)
    assert source.closed == 1


def test_head_produces_nothing() -> None:
    source = Source(10)
    assert [message["type"] for message in answered(source, method="HEAD")] == [
        "http.response.start",
        "http.response.body",
    ]
    assert (source.produced, source.closed) == (0, 1)
