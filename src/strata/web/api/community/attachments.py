"""Files attached to discussions (02 §F4): sent once, then shown by an address nobody can guess."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from strata.blobs.links import Local, Piped
from strata.community.attachments.attach import (
    Attachment,
    attach,
    attachment,
    largest,
    require_attach,
)
from strata.community.attachments.placing import is_public
from strata.core.call import Call
from strata.core.errors import StrataError
from strata.lib.http.ranges import not_modified
from strata.web.api.files.answer import SANDBOX, bytes_answer, span_of
from strata.web.paths import Route
from strata.web.spool import drained, spooled
from strata.web.work import exchange, field, hub_of, read

_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_EACH_TIME: Final = "private, no-cache"


async def send(request: Request) -> Response:
    """POST /uploads — raw bytes; the answer is the address as plain text."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdigit() else 0
    try:
        await read(request, lambda call: require_attach(call, media_type, size))
    except StrataError:
        await drained(request)
        raise
    hub = hub_of(request)
    limit = largest(hub.settings.limits, media_type)
    body = await spooled(request, hub.objects.staging(), limit=limit, hashed=False)
    try:
        made = await read(request, lambda call: attach(call, media_type, body))
    finally:
        body.discard()
    return PlainTextResponse(f"{exchange(request).origin.base_url}/uploads/{made.file_name}")


async def show(request: Request) -> ASGIApp:
    """GET /uploads/{file}"""
    hub = hub_of(request)
    name = field(request, "file")
    held, place, is_open = await read(request, lambda call: _found(call, name))
    etag = f'"{held.key}"'
    headers = {"ETag": etag, "Cache-Control": _KEPT if is_open else _ASKED_EACH_TIME, **SANDBOX}
    if not_modified(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    headers |= {"Accept-Ranges": "bytes", "Content-Type": held.media_type}
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(held.size)})
    return bytes_answer(hub, place, held.size, headers, span_of(request, held.size, etag))


def _found(call: Call, name: str) -> tuple[Attachment, Local | Piped, bool]:
    held, place = attachment(call, name)
    return held, place, is_public(call, held.key)


ROUTES: tuple[Route, ...] = (
    Route(("POST",), "/uploads", send, "huggingface_hub ≥ 2.3: upload_attachment"),
    Route(("GET", "HEAD"), "/uploads/{file}", show, "browsers"),
)
