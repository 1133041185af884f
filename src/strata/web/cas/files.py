"""How files are put together, where chunks are, and the bytes themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from strata.blobs.xet import answers, dedup
from strata.blobs.xet.answers import FetchLink
from strata.blobs.xet.queries import XetFile
from strata.blobs.xet.tokens import Scope
from strata.core.call import Call
from strata.core.errors import Forbidden, Malformed, NotFound, RangeUnsatisfiable
from strata.core.hub import Hub
from strata.lib.http.file_response import RangeFile
from strata.lib.http.iterate import StreamedAnswer
from strata.lib.http.ranges import (
    ByteRange,
    MultipartBody,
    RangeNotSatisfiable,
    multipart_byteranges,
    parse_ranges,
)
from strata.lib.objects.store import pieces
from strata.lib.xet.hash import from_hex, to_hex
from strata.lib.xet.reconstruction import RANGES_PER_URL
from strata.repos.record import Repo
from strata.web.cas.admission import admitted, hash_in_path, in_thread
from strata.web.respond import json
from strata.web.work import exchange, hub_of

T = TypeVar("T")

OCTETS = "application/octet-stream"
FILES_AT_ONCE = 256  # in one question about many files


async def reconstruction_v1(request: Request) -> Response:
    """GET /xet/{epoch}/v1/reconstructions/{hash}: what to fetch, one URL a range."""
    return await _explained(request, answers.v1)


async def reconstruction_v2(request: Request) -> Response:
    """GET /xet/{epoch}/v2/reconstructions/{hash}: what to fetch, many ranges a URL."""
    return await _explained(request, answers.v2)


async def _explained(
    request: Request, explain: Callable[[Call, Repo, XetFile, ByteRange | None], object]
) -> Response:
    name = to_hex(hash_in_path(request, prefixed=False))
    header = request.headers.get("range")
    counts = exchange(request).tallies.downloads

    def act(call: Call, repo: Repo) -> object:
        file = answers.file_of(call, repo, name)
        wanted = ranges(header, file.size, at_most=1)
        counts.add_bytes(repo.id, wanted[0].length if wanted else file.size)
        return explain(call, repo, file, wanted[0] if wanted else None)

    return json(await admitted(request, Scope.READ, act))


async def reconstructions(request: Request) -> Response:
    """GET /xet/{epoch}/v1/reconstructions: the same for several files, named by `file_id`."""
    asked = request.query_params.getlist("file_id")
    if not 1 <= len(asked) <= FILES_AT_ONCE:
        raise Malformed(f"Name 1 to {FILES_AT_ONCE} files by `file_id`.")
    names = dict.fromkeys([_named(text) for text in asked])

    counts = exchange(request).tallies.downloads

    def act(call: Call, repo: Repo) -> answers.ManyFiles:
        files = [answers.file_of(call, repo, name) for name in names]
        counts.add_bytes(repo.id, sum([file.size for file in files]))
        return answers.many(call, repo, files)

    return json(await admitted(request, Scope.READ, act))


async def head_file(request: Request) -> Response:
    """HEAD /xet/{epoch}/v1/files/{hash}: how long a file is."""
    name = to_hex(hash_in_path(request, prefixed=False))
    file = await admitted(request, Scope.READ, lambda call, repo: answers.file_of(call, repo, name))
    return Response(headers={"Content-Length": str(file.size)})


async def chunk(request: Request) -> Response:
    """GET /xet/{epoch}/v1/chunks/{prefix}/{hash}: a shard that tells where a chunk is."""
    wanted = hash_in_path(request)
    shard = await admitted(request, Scope.READ, lambda call, repo: dedup.answer(call, repo, wanted))
    if shard is None:
        raise NotFound("This chunk is new.")
    return Response(shard, media_type=OCTETS)


async def stored_ranges(request: Request) -> ASGIApp:
    """GET /xet/{epoch}/v1/data: stored bytes of a xorb; the URL is the permission.

    The object store's own signed URLs would open the whole xorb, which mixes files of many repos.
    """
    hub = hub_of(request)
    link = answers.opened(hub, request.query_params.get("ticket", ""))
    await in_thread(request, lambda call: answers.require_open(call, link))
    wanted = ranges(request.headers.get("range"), link.size, at_most=RANGES_PER_URL)
    if wanted is None:
        raise Malformed("Ask for the byte ranges that the reconstruction names.")
    if not link.covers(wanted):
        raise Forbidden("This link does not open these bytes.")
    return _answered(hub, link, wanted)


def _answered(hub: Hub, link: FetchLink, wanted: tuple[ByteRange, ...]) -> ASGIApp:
    path = hub.objects.local_path(link.key)
    if len(wanted) == 1:
        one = wanted[0]
        headers = {"Content-Type": OCTETS, "Content-Range": one.content_range(link.size)}
        if path is not None:
            return RangeFile(path, offset=one.start, length=one.length, headers=headers, status=206)
        source = pieces(hub.objects, link.key, one.start, one.length)
        return StreamedAnswer(source, {**headers, "Content-Length": str(one.length)}, 206)
    body = multipart_byteranges(wanted, link.size, OCTETS, secrets.token_hex(16))
    if path is not None:
        return RangeFile.multipart(path, body, {})
    headers = {"Content-Type": body.content_type, "Content-Length": str(body.length)}
    return StreamedAnswer(_framed(hub, link, body), headers, 206)


def _framed(hub: Hub, link: FetchLink, body: MultipartBody) -> Iterator[bytes]:
    for piece in body.pieces:
        if isinstance(piece, bytes):
            yield piece
        else:
            yield from pieces(hub.objects, link.key, piece.start, piece.length)


def ranges(header: str | None, size: int, *, at_most: int) -> tuple[ByteRange, ...] | None:
    """The ranges a request asks for; None: none, or none that can be understood.

    Raises:
        RangeUnsatisfiable: they all lie behind the end.
    """
    try:
        return parse_ranges(header, size, max_ranges=at_most)
    except RangeNotSatisfiable as error:
        raise RangeUnsatisfiable(size) from error


def _named(text: str) -> str:
    try:
        return to_hex(from_hex(text))
    except ValueError as error:
        raise Malformed(f"Not a Xet hash: {error}.") from error
