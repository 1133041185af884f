"""Range requests and the conditions that go with them: pure functions over header values.

RFC 9110 sections 8.8, 13 and 14.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNIT = "bytes="
_SPEC = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)  # 19 digits: beyond any file
_ETAG = re.compile(r'\s*(W/)?("[^"]*")\s*(?:,|$)')


class RangeNotSatisfiable(ValueError):
    """No asked range lies inside the file: answer 416 with `Content-Range: bytes */size`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"no asked range lies inside {size} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A stretch of a file, never empty."""

    start: int  # first byte
    stop: int  # one past the last byte

    @property
    def length(self) -> int:
        """Bytes in the range."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Write the value of `Content-Range` for a file of `size` bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """A `multipart/byteranges` body before the file's bytes are put in."""

    pieces: tuple[bytes | ByteRange, ...]  # framing and file ranges in the order sent
    length: int  # bytes of the whole body
    content_type: str


def parse_ranges(
    header: str | None, size: int, *, max_ranges: int = 1
) -> tuple[ByteRange, ...] | None:
    """Read a `Range` header against a file of `size` bytes; None means: answer the whole file.

    Ranges outside the file are dropped, those beyond its end cut. Malformed headers, other units
    and more than `max_ranges` ranges are ignored, as RFC 9110 14.2 allows; so are ranges that
    together ask for more than twice the file, which only an attacker wants.

    Raises:
        RangeNotSatisfiable: the header is well-formed and no range lies inside the file.
    """
    if header is None or header[: len(_UNIT)].lower() != _UNIT:
        return None
    if header.count(",") >= max_ranges:
        return None
    found = []
    for spec in header[len(_UNIT) :].split(","):
        match = _SPEC.fullmatch(spec.strip(" \t"))
        if match is None or match[0] == "-":
            return None
        first, last = match[1], match[2]
        if first and last and int(first) > int(last):
            return None
        span = _clipped(first, last, size)
        if span is not None:
            found.append(span)
    if not found:
        raise RangeNotSatisfiable(size)
    if sum(span.length for span in found) > 2 * size:
        return None
    return tuple(found)


def _clipped(first: str, last: str, size: int) -> ByteRange | None:
    """Cut one well-formed range to the file; None when nothing of it is left."""
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    else:
        start, stop = max(size - int(last), 0), size
    return ByteRange(start, stop) if start < stop else None


def not_modified(if_none_match: str | None, etag: str) -> bool:
    """Tell whether `If-None-Match` names this etag (weak comparison; `etag` is quoted): 304."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in {opaque for _, opaque in _ETAG.findall(if_none_match)}


def range_applies(if_range: str | None, etag: str, modified: datetime | None = None) -> bool:
    """Tell whether `If-Range` lets the range stand (strong comparison); True without a header."""
    if if_range is None:
        return True
    condition = if_range.strip()
    if condition.startswith(('"', "W/")):
        return condition == etag and not etag.startswith("W/")
    if modified is None:
        return False
    try:
        asked = parsedate_to_datetime(condition)
    except ValueError:
        return False
    if asked.tzinfo is None:
        asked = asked.replace(tzinfo=UTC)
    return asked == modified.replace(microsecond=0)


def multipart_byteranges(
    ranges: Sequence[ByteRange], size: int, content_type: str, boundary: str
) -> MultipartBody:
    """Frame several ranges of one file of `size` bytes, in the order given.

    Raises:
        ValueError: a content type that would begin another header.
    """
    if "\r" in content_type or "\n" in content_type:
        raise ValueError("a content type is one line")
    pieces: list[bytes | ByteRange] = []
    for number, span in enumerate(ranges):
        lead = "\r\n" if number else ""
        head = (
            f"{lead}--{boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Range: {span.content_range(size)}\r\n\r\n"
        )
        pieces += [head.encode("latin-1"), span]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("latin-1"))
    length = sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces)
    return MultipartBody(tuple(pieces), length, f"multipart/byteranges; boundary={boundary}")
