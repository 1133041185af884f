"""The audit log as a file: read and sent a batch at a time, so that its length costs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strata.access.audit import Told
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.events.audit.shape import CSV_COLUMNS, csv_line, line_of, shape_of
from strata.lib.db.seek import Page, Place, Window
from strata.web.respond import JSON_TYPE
from strata.web.work import read

BATCH: Final = 500
CSV_TYPE: Final = "text/csv; charset=utf-8"
Form = Literal["json", "csv"]
Reading = Callable[[Call, Window], Page[Told]]  # one page; asks each time whether it may


async def exported(request: Request, read_page: Reading, *, name: str) -> Response:
    """Send all that `read_page` gives, as `?format=` says: json (default) or csv.

    The first page is read before anything is sent, so that who may not read gets an answer.

    Raises:
        Malformed: another format. And what `read_page` raises.
    """
    form = _form(request)
    first = await read(request, lambda call: read_page(call, Window(BATCH)))
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    write = _json if form == "json" else _csv
    return StreamingResponse(
        write(_all(request, read_page, first)),
        headers=headers,
        media_type=JSON_TYPE if form == "json" else CSV_TYPE,
    )


def _form(request: Request) -> Form:
    asked = request.query_params.get("format", "json")
    if asked == "json":
        return "json"
    if asked == "csv":
        return "csv"
    raise Malformed('"format" is json or csv.')


async def _all(
    request: Request, read_page: Reading, first: Page[Told]
) -> AsyncIterator[tuple[Told, ...]]:
    page = first
    yield page.rows
    while page.last is not None:
        page = await read(request, partial(_next, read_page, page.last))
        yield page.rows


def _next(read_page: Reading, after: Place, call: Call) -> Page[Told]:
    return read_page(call, Window(BATCH, after))


async def _json(batches: AsyncIterator[tuple[Told, ...]]) -> AsyncIterator[bytes]:
    """One array, an entry a line."""
    before = b"[\n"
    async for rows in batches:
        for told in rows:
            shape = shape_of(told.entry, told.actor, told.on_behalf_of)
            yield before + msgspec.json.encode(shape)
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


async def _csv(batches: AsyncIterator[tuple[Told, ...]]) -> AsyncIterator[bytes]:
    yield csv_line(list(CSV_COLUMNS)).encode()
    async for rows in batches:
        lines = (line_of(told.entry, told.actor, told.on_behalf_of) for told in rows)
        yield "".join(lines).encode()
