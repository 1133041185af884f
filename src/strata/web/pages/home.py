"""The first page: what this hub is for, and what is on it (product §5.7 W1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.profile.preferences import landing_of
from strata.core.call import Call
from strata.core.names import RepoType
from strata.membership.joining.first import asks_code
from strata.search.listing import Listed, count, listing
from strata.search.query import Query
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.joining.first import is_closed
from strata.web.pages.repo.snippets import Snippet, endpoint

SHOWN: Final = 6  # repos of each type
ALWAYS: Final = (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE)  # others once there are any


@dataclass(frozen=True, slots=True)
class Trend:
    """What is wanted most of one type."""

    kind: RepoType
    rows: tuple[Listed, ...]
    total: int  # that the viewer may see


@dataclass(frozen=True, slots=True)
class Home:
    """What the page shows."""

    trends: tuple[Trend, ...]  # in the order of the types
    mine: tuple[Listed, ...]  # the viewer's own, the latest first
    endpoint: Snippet
    waits_for_first: bool  # nobody has an account, and not just anybody may become its admin
    closed: bool  # nobody signs up


async def page(request: Request) -> Response:
    """GET /"""
    visit, found = await visiting(request, lambda call: landing_of(call) or _home(call))
    if isinstance(found, str):  # the viewer prefers another page to come to
        return redirected(request, found)
    return shown(request, "repos/home.html", visit, home=found)


def _home(call: Call) -> Home:
    trends = (_trend(call, kind) for kind in RepoType)
    shown_ones = tuple(trend for trend in trends if trend.rows or trend.kind in ALWAYS)
    return Home(
        shown_ones,
        _mine(call),
        endpoint(call.origin.base_url),
        asks_code(call),
        is_closed(call.hub),
    )


def _trend(call: Call, kind: RepoType) -> Trend:
    query = Query(type=kind, limit=SHOWN)
    page = listing(call, query)
    total = count(call, query) if page.cursor else len(page.rows)
    return Trend(kind, tuple(page.rows), total)


def _mine(call: Call) -> tuple[Listed, ...]:
    if call.actor.name is None:
        return ()
    queries = (
        Query(type=kind, author=call.actor.name, sort="lastModified", limit=SHOWN)
        for kind in RepoType
    )
    rows = [row for query in queries for row in listing(call, query).rows]
    return tuple(sorted(rows, key=lambda row: row.repo.updated_at, reverse=True)[:SHOWN])
