"""Range headers and conditions, by example and by property."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.http.ranges import (
    ByteRange,
    RangeNotSatisfiable,
    multipart_byteranges,
    not_modified,
    parse_ranges,
    range_applies,
)

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-499", 0, 500),
        ("bytes=500-", 500, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes=999-", 999, 1000),
        ("bytes=10-99999999999999", 10, 1000),
        ("BYTES=1-2", 1, 3),
        ("bytes= 1-2 ", 1, 3),
    ],
)
def test_one_range(header: str, start: int, stop: int) -> None:
    assert parse_ranges(header, SIZE) == (ByteRange(start, stop),)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1", "lines=0-1",
        "bytes=0-1,2-3", "bytes=--1", "bytes=+1-2", "bytes=1-2;q", "bytes=\u0661-\u0662",
        "bytes=" + "1" * 30 + "-",
    ],
)  # fmt: skip
def test_what_is_no_range_is_ignored(header: str | None) -> None:
    assert parse_ranges(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0"])
def test_ranges_outside_the_file_are_not_satisfiable(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        parse_ranges(header, SIZE)
    assert refused.value.size == SIZE


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_ranges("bytes=0-", 0)
    with pytest.raises(RangeNotSatisfiable):
        parse_ranges("bytes=-5", 0)


def test_several_ranges_keep_their_order_and_lose_what_is_outside() -> None:
    found = parse_ranges("bytes=500-599, 0-9,5000-6000, -1", SIZE, max_ranges=10)
    assert found == (ByteRange(500, 600), ByteRange(0, 10), ByteRange(999, 1000))


def test_too_many_ranges_are_ignored() -> None:
    assert parse_ranges("bytes=" + ",".join(["0-1"] * 3), SIZE, max_ranges=2) is None


def test_ranges_that_ask_for_the_file_many_times_are_ignored() -> None:
    assert parse_ranges("bytes=" + ",".join(["0-"] * 3), SIZE, max_ranges=10) is None


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(0, 10_000), st.integers(1, 5))
def test_no_header_breaks_the_parser(tail: str, size: int, most: int) -> None:
    for header in (tail, "bytes=" + tail):
        try:
            found = parse_ranges(header, size, max_ranges=most)
        except RangeNotSatisfiable:
            continue
        for span in found or ():
            assert 0 <= span.start < span.stop <= size


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_range_is_the_bytes_it_names(first: int, last: int, size: int) -> None:
    content = bytes(size)
    expected = content[first : last + 1]
    if first > last:
        assert parse_ranges(f"bytes={first}-{last}", size) is None
    elif not expected:
        with pytest.raises(RangeNotSatisfiable):
            parse_ranges(f"bytes={first}-{last}", size)
    else:
        (span,) = parse_ranges(f"bytes={first}-{last}", size) or ()
        assert (span.start, span.length) == (first, len(expected))


@pytest.mark.parametrize(
    ("header", "etag", "same"),
    [
        (None, '"a"', False),
        ('"a"', '"a"', True),
        ('"b"', '"a"', False),
        ('"b", "a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"a"', 'W/"a"', True),
        ("*", '"a"', True),
        ('"x,y" , "a"', '"a"', True),
        ("a", '"a"', False),
        ('"a', '"a"', False),
    ],
)
def test_if_none_match(header: str | None, etag: str, *, same: bool) -> None:
    assert not_modified(header, etag) is same


MODIFIED = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "applies"),
    [
        (None, True),
        ('"a"', True),
        ('"b"', False),
        ('W/"a"', False),
        ("Fri, 02 Jan 2026 03:04:05 GMT", True),
        ("Fri, 02 Jan 2026 03:04:06 GMT", False),
        ("nonsense", False),
    ],
)
def test_if_range(header: str | None, *, applies: bool) -> None:
    assert range_applies(header, '"a"', MODIFIED) is applies


def test_if_range_never_trusts_a_weak_etag_or_an_unknown_date() -> None:
    assert not range_applies('W/"a"', 'W/"a"')
    assert not range_applies("Fri, 02 Jan 2026 03:04:05 GMT", '"a"')


def test_several_ranges_are_framed_as_the_rfc_says() -> None:
    content = bytes(range(100))
    body = multipart_byteranges(
        (ByteRange(0, 5), ByteRange(90, 100)), 100, "application/pdf", "SEP"
    )
    written = b"".join(
        piece if isinstance(piece, bytes) else content[piece.start : piece.stop]
        for piece in body.pieces
    )
    assert written == (
        b"--SEP\r\nContent-Type: application/pdf\r\nContent-Range: bytes 0-4/100\r\n\r\n"
        + content[:5]
        + b"\r\n--SEP\r\nContent-Type: application/pdf\r\nContent-Range: bytes 90-99/100\r\n\r\n"
        + content[90:]
        + b"\r\n--SEP--\r\n"
    )
    assert body.length == len(written)
    assert body.content_type == "multipart/byteranges; boundary=SEP"
    with pytest.raises(ValueError, match="one line"):
        multipart_byteranges((ByteRange(0, 5),), 100, "text/plain\r\nX: y", "SEP")
