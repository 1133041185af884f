"""Everybody who ever asked for access, as a file (02 §M)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import decisions, queries
from strata.access.gates.record import AccessRequest, Standing
from strata.access.policy.verbs import Action
from strata.core.call import Call, working
from strata.core.errors import Malformed
from strata.events.facts import record_of
from strata.lib.db.seek import Window
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.paths import Route
from strata.web.respond import JSON_TYPE, moment
from strata.web.work import read, repo_of

CSV_TYPE = "text/csv; charset=utf-8"
_COLUMNS = ("user", "fullname", "status", "email", "time")
_BATCH = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet calculate


async def report(request: Request) -> Response:
    """GET /{web}{repo}/user-access-report"""
    kind = request.query_params.get("format", "json")
    if kind not in ("json", "csv"):
        raise Malformed('"format" must be one of [json, csv]')
    repo, found = await read(request, lambda call: _exported(call, request))
    rows = [_row(one) for one in found]
    body = msgspec.json.encode(rows) if kind == "json" else _csv(rows)
    name = f"user-access-report-{repo.namespace}-{repo.name}.{kind}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, headers=headers, media_type=JSON_TYPE if kind == "json" else CSV_TYPE)


def _exported(call: Call, request: Request) -> tuple[Repo, list[AccessRequest]]:
    """Read all, and write down who took the addresses along."""
    repo = lookup(call, repo_of(request), Action.LOOK)
    decisions.reviewed(call, repo)
    found = [one for standing in Standing for one in _all(call, repo, standing)]
    with working(call) as work:
        record_of(work, "gate.export", repo)
    return repo, found


def _all(call: Call, repo: Repo, standing: Standing) -> Iterator[AccessRequest]:
    window: Window | None = Window(_BATCH)
    while window is not None:
        page = queries.requests_to(call, repo.id, standing, window)
        yield from page.rows
        window = Window(_BATCH, page.last) if page.last is not None else None


def _row(request: AccessRequest) -> dict[str, object]:
    return {
        "user": request.asker.name,
        "fullname": request.asker.full_name,
        "status": request.standing.value,
        "email": request.asker.email,
        "time": moment(request.requested_at),
        "fields": request.answers,
    }


def _csv(rows: Sequence[dict[str, object]]) -> bytes:
    """A table with one column an answer."""
    answers = [row["fields"] for row in rows]
    names = list(dict.fromkeys(name for one in answers if isinstance(one, dict) for name in one))
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow([_cell(name) for name in (*_COLUMNS, *names)])
    for row, answer in zip(rows, answers, strict=True):
        given = answer if isinstance(answer, dict) else {}
        values = [row[name] for name in _COLUMNS] + [given.get(name) for name in names]
        table.writerow([_cell(value) for value in values])
    return written.getvalue().encode()


def _cell(value: object) -> str:
    """Text that a spreadsheet shows and does not calculate: strangers filled it in."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/{web}{repo}/user-access-report", report, "people, scripts"),
)
