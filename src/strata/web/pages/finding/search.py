"""What the search box of every page finds: repos and people by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.profiles import PublicProfile, public_profile
from strata.core.call import Call
from strata.core.names import RepoType
from strata.organizations import queries as organizations
from strata.organizations.record import Organization
from strata.search.listing import count, listing
from strata.search.query import Query
from strata.web.pages.frame.addresses.places import list_address
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.people.profile import Shelf

SHOWN: Final = 10  # of each type
LONGEST: Final = 200  # characters


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows."""

    words: str
    person: PublicProfile | Organization | None  # whose name it is
    shelves: tuple[Shelf, ...]  # those that hold something


async def page(request: Request) -> Response:
    """GET /search/full-text?q="""
    words = request.query_params.get("q", "").strip()[:LONGEST]
    visit, found = await visiting(request, lambda call: _found(call, words))
    return shown(request, "repos/search.html", visit, found=found)


def _found(call: Call, words: str) -> Found:
    if not words:
        return Found("", None, ())
    shelves = tuple(_shelf(call, kind, words) for kind in RepoType)
    named = organizations.by_name(call, words) or public_profile(call, words)
    return Found(words, named, tuple(shelf for shelf in shelves if shelf.rows))


def _shelf(call: Call, kind: RepoType, words: str) -> Shelf:
    query = Query(type=kind, search=tuple(words.split()), limit=SHOWN)
    page = listing(call, query)
    total = count(call, query) if page.cursor else len(page.rows)
    return Shelf(kind, tuple(page.rows), total, list_address(kind, search=words))
