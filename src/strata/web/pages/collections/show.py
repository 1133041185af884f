"""Collections: the list of them, and one of them (product §2.4 P21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.require import permits
from strata.access.policy.verbs import Action
from strata.community.collections import votes
from strata.community.collections.listing import Page, Query, listing
from strata.community.collections.queries import ItemRow
from strata.community.collections.reading import shown as shown_of, unavailable
from strata.community.collections.record import Collection, Shown
from strata.core.call import Call
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.words.language import N_
from strata.web.work import field

PER_PAGE: Final = 30
ON_A_SHELF: Final = 6
_LONGEST_WORD: Final = 200  # characters of a filter that are heard
# What an address says → the order's name on the wire, and what it is called.
SORTS: Final = {
    "trending": ("trending", N_("Trending")),
    "upvotes": ("upvotes", N_("Most upvotes")),
    "modified": ("lastModified", N_("Recently updated")),
}


@dataclass(frozen=True, slots=True)
class CollectionList:
    """What the page of all collections shows."""

    page: Page
    first: bool  # not reached by a cursor
    search: str
    owner: str
    sort: str  # a key of SORTS
    sorts: tuple[tuple[str, str], ...]

    @property
    def filtered(self) -> bool:
        return bool(self.search or self.owner)


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """One collection as its visitor may see it."""

    shown: Shown
    manages: bool  # the visitor may change it
    unavailable: tuple[ItemRow, ...]  # hidden from the visitor, or gone; for those who manage it

    @property
    def collection(self) -> Collection:
        return self.shown.collection

    @property
    def home(self) -> str:
        return home_of(self.collection)


def home_of(collection: Collection) -> str:
    """The address of a collection's page."""
    return f"/collections/{url_path(collection.slug)}"


def slug_in(request: Request) -> str:
    """The collection that the address names."""
    return f"{field(request, 'namespace')}/{field(request, 'slug')}"


async def index(request: Request) -> Response:
    """GET /collections"""
    parameters = request.query_params
    visit, listed = await visiting(request, lambda call: _listed(call, parameters))
    return shown(request, "collections/list.html", visit, listed=listed)


async def page(request: Request) -> Response:
    """GET /collections/{namespace}/{slug}"""
    slug = slug_in(request)
    visit, found = await visiting(request, lambda call: page_of(call, slug))
    return shown(request, "collections/show.html", visit, page=found)


async def upvote(request: Request) -> Response:
    """POST /collections/{namespace}/{slug}/upvote — vote, or take the vote back."""
    form = await form_of(request)
    slug = slug_in(request)

    def act(call: Call) -> None:
        wanted = form.get("upvote") == "yes"
        in_transaction(lambda work: votes.upvote(work, slug, wanted=wanted))(call)

    await submitted(request, form, lambda call, _: act(call))
    return redirected(request, f"/collections/{url_path(slug)}")


@dataclass(frozen=True, slots=True)
class CollectionShelf:
    """The latest collections of a person or an organisation, as far as the visitor may see them."""

    rows: tuple[Shown, ...]
    more: bool
    address: str  # of the whole list


def shelf_of(call: Call, owner: str) -> CollectionShelf:
    """Gather the collections for somebody's page."""
    found = listing(call, Query(owners=(owner,), limit=ON_A_SHELF))
    address = f"/collections?{urlencode({'owner': owner, 'sort': 'modified'})}"
    return CollectionShelf(tuple(found.rows), found.cursor is not None, address)


def page_of(call: Call, slug: str) -> CollectionPage:
    """Gather one collection for its page.

    Raises:
        NotFound: there is none, or the visitor may not know of it.
    """
    found = shown_of(call, slug)
    manages = permits(call.actor, Action.WRITE, found.collection)
    hidden = tuple(unavailable(call, found.collection)) if manages else ()
    return CollectionPage(found, manages, hidden)


def _listed(call: Call, parameters: QueryParams) -> CollectionList:
    search = parameters.get("q", "").strip()[:_LONGEST_WORD]
    owner = parameters.get("owner", "").strip()[:_LONGEST_WORD]
    sort = parameters.get("sort", "")
    sort = sort if sort in SORTS else "trending"
    query = Query(
        owners=(owner,) if owner else (),
        search=search,
        sort=SORTS[sort][0],
        limit=PER_PAGE,
        cursor=parameters.get("cursor") or None,
    )
    return CollectionList(
        page=listing(call, query),
        first=query.cursor is None,
        search=search,
        owner=owner,
        sort=sort,
        sorts=tuple((name, title) for name, (_, title) in SORTS.items()),
    )
