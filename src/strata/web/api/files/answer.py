"""The bytes of a file as an HTTP answer: headers, ranges, redirects (conventions §8).

What people upload never runs as part of the hub: text of any kind is plain text, the browser may
not guess, and whatever is shown is shut into a sandbox. An SVG is a picture in `<img>`, where no
browser runs its scripts; opened by itself it is a document, which the sandbox keeps from running
any and from being of our origin.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from strata.blobs.links import Local, Piped, Place, Presigned, XetTerms, open_stream
from strata.blobs.pointer import Pointer
from strata.core.errors import RangeUnsatisfiable
from strata.core.hub import Hub
from strata.core.names import Sha
from strata.lib.http.file_response import RangeFile
from strata.lib.http.iterate import StreamedAnswer
from strata.lib.http.ranges import (
    ByteRange,
    RangeNotSatisfiable,
    not_modified,
    parse_ranges,
    range_applies,
)

XET_FILE_INFO: Final = "application/vnd.xet-fileinfo+json"
PLAIN: Final = "text/plain; charset=utf-8"
OCTETS: Final = "application/octet-stream"
SANDBOX: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_SHOWN: Final = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/svg+xml",
        "image/tiff",
        "image/webp",
        "image/x-icon",
    }
)
_TEXTS: Final = frozenset(
    {
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/xml",
        "application/yaml",
        "application/xhtml+xml",
    }
)
_TEXT_ENDINGS: Final = frozenset(
    {"", "yaml", "yml", "toml", "jsonl", "lock", "cfg", "ini", "jinja"}
)
_NOT_IN_NAME: Final = re.compile(r'[^\x20-\x7e]|["\\]')


class Shown(Protocol):
    """What an answer says of a file, in git or in a bucket."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...
    @property
    def pointer(self) -> Pointer | None: ...
    @property
    def xet_hash(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A file that the caller may read, and where its bytes are."""

    file: Shown
    commit: Sha | None  # None: there is no history
    place: Place | bytes | None  # None: only the headers are wanted
    immutable: bool  # the address names the commit itself
    links: str | None  # value of `Link`, for Xet files
    repo_id: int
    declared_type: str | None = None  # what the uploader says it is


def answer_of(request: Request, hub: Hub, found: Found) -> ASGIApp:
    """Answer a GET or HEAD for a file.

    Raises:
        RangeUnsatisfiable: the range begins behind the end.
    """
    headers = headers_of(found)
    file, etag = found.file, headers["ETag"]
    if not_modified(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if isinstance(found.place, Presigned):
        return Response(status_code=302, headers={**headers, "Location": found.place.url})
    headers |= {"Accept-Ranges": "bytes", "Content-Type": _type_of(found), **SANDBOX}
    headers |= _disposition(request, file)
    if found.place is None:
        return Response(headers={**headers, "Content-Length": str(file.size)})
    return bytes_answer(hub, found.place, file.size, headers, span_of(request, file.size, etag))


def length_of(request: Request, found: Found) -> int:
    """How many bytes `answer_of` sends, or leaves to the object store.

    Raises:
        RangeUnsatisfiable: the range begins behind the end.
    """
    etag = headers_of(found)["ETag"]
    if not_modified(request.headers.get("if-none-match"), etag):
        return 0
    span = span_of(request, found.file.size, etag)
    return found.file.size if span is None else span.length


def headers_of(found: Found) -> dict[str, str]:
    """What every answer about a file says, whatever its status."""
    file = found.file
    headers = {
        **({"X-Repo-Commit": found.commit} if found.commit else {}),
        "ETag": f'"{file.etag}"',
        "Cache-Control": "private, max-age=31536000, immutable"
        if found.immutable
        else "private, no-cache",
    }
    if file.pointer is not None:
        headers["X-Linked-ETag"] = f'"{file.pointer.oid}"'
        headers["X-Linked-Size"] = str(file.pointer.size)
    if file.xet_hash is not None and found.links is not None:
        headers["X-Xet-Hash"] = file.xet_hash
        headers["Link"] = found.links
        headers["Vary"] = "Accept"
    return headers


def wants_xet_facts(request: Request) -> bool:
    """Whether the client asks for a description of a Xet file (@huggingface/hub)."""
    return XET_FILE_INFO in request.headers.get("accept", "")


def _type_of(found: Found) -> str:
    """By the file's own name, and where that says nothing by the word of the uploader."""
    by_name = content_type(found.file)
    return by_name if by_name != OCTETS else _harmless(found.declared_type) or OCTETS


def content_type(file: Shown) -> str:
    """A type that no browser runs in our sandbox."""
    guessed, encoding = mimetypes.guess_type(file.path, strict=False)
    if encoding is not None:  # "x.tar.gz": the bytes are the archive's
        return OCTETS
    harmless = _harmless(guessed)
    if harmless is not None:
        return harmless
    name = file.path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name.strip(".") else ""
    return PLAIN if file.pointer is None and ending in _TEXT_ENDINGS else OCTETS


def _harmless(guessed: str | None) -> str | None:
    """The type that a browser may be told; None when there is none for this one."""
    if guessed in _SHOWN or (guessed or "").startswith(("audio/", "video/")):
        return guessed
    if guessed in _TEXTS or (guessed or "").startswith("text/"):
        return PLAIN
    return None


def _disposition(request: Request, file: Shown) -> dict[str, str]:
    if request.query_params.get("noContentDisposition") == "1":
        return {}
    name = file.path.rpartition("/")[2]
    download = request.query_params.get("download", "").lower() in ("true", "1")
    kind = "attachment" if download else "inline"
    plain = _NOT_IN_NAME.sub("_", name)
    value = f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\";"
    return {"Content-Disposition": value}


def span_of(request: Request, size: int, etag: str) -> ByteRange | None:
    """The stretch that is asked for; None for all of it. An empty file has no stretches.

    Raises:
        RangeUnsatisfiable: it begins behind the end.
    """
    if size == 0 or not range_applies(request.headers.get("if-range"), etag):
        return None
    try:
        ranges = parse_ranges(request.headers.get("range"), size)
    except RangeNotSatisfiable as error:
        raise RangeUnsatisfiable(size) from error
    return ranges[0] if ranges else None


def bytes_answer(
    hub: Hub,
    place: Local | Piped | XetTerms | bytes,
    size: int,
    headers: Mapping[str, str],
    span: ByteRange | None,
) -> ASGIApp:
    """Send the bytes of a file, or a stretch of them."""
    status = 200 if span is None else 206
    start, length = (0, size) if span is None else (span.start, span.length)
    partial = {} if span is None else {"Content-Range": span.content_range(size)}
    sent = {**headers, **partial}
    match place:
        case bytes():
            return Response(place[start : start + length], status, sent)
        case Local(path=path):
            return RangeFile(
                path, offset=start, length=length, headers=sent, status=status, accel=_accel(hub)
            )
        case _:
            sent["Content-Length"] = str(length)
            return StreamedAnswer(open_stream(hub, place, start, length), sent, status)


def _accel(hub: Hub) -> dict[Path, str]:
    prefix = hub.settings.server.accel_prefix
    return {hub.settings.data: prefix} if prefix else {}
