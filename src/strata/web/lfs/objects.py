"""The bytes of large files over LFS; every URL here carries its own permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from strata.blobs import links, queries
from strata.blobs.lfs import tickets, uploads
from strata.blobs.lfs.tickets import (
    CompletionLink,
    DownloadLink,
    Link,
    PartLink,
    UploadLink,
    VerifyLink,
)
from strata.blobs.links import Local, Place, Presigned
from strata.core.call import Call
from strata.core.errors import NotFound, RangeUnsatisfiable, StrataError, Unprocessable
from strata.lib.http.file_response import RangeFile
from strata.lib.http.iterate import StreamedAnswer
from strata.lib.http.ranges import ByteRange, RangeNotSatisfiable, parse_ranges
from strata.lib.objects.receive import Received
from strata.lib.objects.store import Part
from strata.web.lfs.speech import answer, spoken
from strata.web.spool import drained, spooled
from strata.web.work import exchange, hub_of, json_of

T = TypeVar("T")
SomeLink = TypeVar("SomeLink", bound=Link)

OCTETS = "application/octet-stream"


class FinishedPart(msgspec.Struct, rename="camel"):
    """A part as the client finished it."""

    part_number: int
    etag: str


class Completion(msgspec.Struct):
    """The body that completes an upload in parts."""

    oid: str
    parts: list[FinishedPart]


@spoken
async def put_object(request: Request) -> Response:
    """PUT /{web}{repo}.git/info/lfs/objects/{oid}: take a whole file."""
    link = await _opened_for_body(request, UploadLink)
    received = await _spooled(request, link.size)
    await _in_thread(request, lambda call: uploads.take_whole(call, link, received))
    return Response()


@spoken
async def put_part(request: Request) -> Response:
    """PUT /{web}{repo}.git/info/lfs/objects/{oid}/parts/{number}: take one part."""
    link = await _opened_for_body(request, PartLink)
    received = await _spooled(request, link.size)
    etag = await _in_thread(request, lambda call: uploads.take_part(call, link, received))
    return Response(headers={"ETag": etag})


@spoken
async def complete(request: Request) -> Response:
    """POST /{web}{repo}.git/info/lfs/objects/{oid}/complete: join the parts."""
    link = _opened(request, CompletionLink)
    finished = await json_of(request, Completion)
    if finished.oid != link.oid:
        raise Unprocessable("This link completes the upload of another file.")
    parts = [Part(part.part_number, part.etag) for part in finished.parts]
    await _in_thread(request, lambda call: uploads.complete(call, link, parts))
    return answer({})


@spoken
async def verify(request: Request) -> Response:
    """POST /{web}{repo}.git/info/lfs/objects/verify: confirm that a file has arrived."""
    link = _opened(request, VerifyLink)

    def act(call: Call) -> queries.Held | None:
        tickets.acting(call, link.bearer, link.repo_id)
        return queries.held(call, link.repo_id, link.oid)

    held = await _in_thread(request, act)
    if held is None or held.size != link.size:
        raise NotFound("The file did not arrive. Send it again.")
    return answer({})


@spoken
async def download(request: Request) -> ASGIApp:
    """GET /{web}{repo}.git/info/lfs/objects/{oid}: the bytes, or where the store has them."""
    link = _opened(request, DownloadLink)

    def act(call: Call) -> Place:
        repo = tickets.readable(call, link.repo_id, link.bearer)
        return links.where(call, repo, link.oid, filename=link.oid)

    return _answered(request, link, await _in_thread(request, act))


def _answered(request: Request, link: DownloadLink, place: Place) -> ASGIApp:
    counts = exchange(request).tallies.downloads
    if isinstance(place, Presigned):
        counts.add_bytes(link.repo_id, place.size)
        return RedirectResponse(place.url, 302, {"Cache-Control": "no-store"})
    wanted = _wanted(request.headers.get("range"), place.size)
    headers = {
        "Content-Type": OCTETS,
        "Accept-Ranges": "bytes",
        "ETag": f'"{link.oid}"',
        "Cache-Control": "private, no-transform",
    }
    start, length, status = 0, place.size, 200
    if wanted is not None:
        start, length, status = wanted.start, wanted.length, 206
        headers["Content-Range"] = wanted.content_range(place.size)
    if request.method == "HEAD":
        return Response(None, status, {**headers, "Content-Length": str(length)})
    counts.add_bytes(link.repo_id, length)
    if isinstance(place, Local):
        return RangeFile(place.path, offset=start, length=length, headers=headers, status=status)
    source = links.open_stream(hub_of(request), place, start, length)
    return StreamedAnswer(source, {**headers, "Content-Length": str(length)}, status)


def _wanted(header: str | None, size: int) -> ByteRange | None:
    try:
        found = parse_ranges(header, size)
    except RangeNotSatisfiable as error:
        raise RangeUnsatisfiable(size) from error
    return found[0] if found else None


def _opened(request: Request, kind: type[SomeLink]) -> SomeLink:
    return tickets.opened(hub_of(request), request.query_params.get("ticket", ""), kind)


async def _opened_for_body(request: Request, kind: type[SomeLink]) -> SomeLink:
    try:
        return _opened(request, kind)
    except StrataError:
        await drained(request)
        raise


async def _spooled(request: Request, size: int) -> Received:
    """The body, of at most the promised bytes; an empty file has one that is empty."""
    return await spooled(request, hub_of(request).objects.staging(), limit=size)


async def _in_thread(request: Request, act: Callable[[Call], T]) -> T:
    """Run an act that a link permits; nobody is signed in."""
    facts = exchange(request)

    def run() -> T:
        with facts.hub.database.reading() as db:
            return act(Call(facts.hub, facts.actor, db, facts.origin))

    return await anyio.to_thread.run_sync(run, limiter=facts.limiter)
