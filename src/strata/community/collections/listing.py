"""Lists of collections: filters, orders, and pages by seek."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.community.collections import queries
from strata.community.collections.items import kind_and_id, target_of
from strata.community.collections.reading import filled
from strata.community.collections.record import Shown
from strata.community.collections.tables import collections
from strata.core.call import Call
from strata.core.cursors import cursor_at, place_of
from strata.core.errors import Malformed, NotFound, RepoDisabled
from strata.lib.db.columns import LATEST_MILLIS, from_millis, to_millis

MAX_PAGE: Final = 100
ITEMS_IN_LISTS: Final = 4
MOST_FILTERS: Final = 100
LONGEST_FILTER: Final = 1_000  # characters

# Wire name → column. Every order ends in the id, so that it is total; greatest first.
ORDERS: Final[dict[str, sa.Column[Any]]] = {
    "lastModified": collections.c.updated_at,
    "trending": collections.c.trending,
    "upvotes": collections.c.upvotes,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a list; every kind of filter narrows it."""

    owners: tuple[str, ...] = ()  # any of these names
    items: tuple[str, ...] = ()  # any of these: "models/ns/name", "collections/<slug>"
    search: str = ""  # occurs in title, description or the owner's name
    sort: str = "lastModified"
    limit: int = MAX_PAGE
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Collections with their first items, and the cursor of the next page if there is one."""

    rows: list[Shown]
    cursor: str | None


class _Place(msgspec.Struct, array_like=True):
    value: Annotated[float, msgspec.Meta(ge=0, lt=LATEST_MILLIS)]
    id: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


def listing(call: Call, query: Query) -> Page:
    """List collections that the caller may see.

    Raises:
        Malformed: an unknown order or filter, a cursor that is not ours, or too many filters.
    """
    order = ORDERS.get(query.sort)
    if order is None:
        raise Malformed(f'"sort" must be one of [{", ".join(ORDERS)}]')
    limit = max(1, min(query.limit, MAX_PAGE))
    statement = _filtered(call, query)
    if query.cursor:
        statement = statement.where(_after(place_of(query.cursor, _Place), order))
    statement = statement.order_by(order.desc(), collections.c.id.desc()).limit(limit + 1)
    found = call.db.execute(statement).all()
    rows = filled(call, [queries.collection_of(row) for row in found[:limit]], ITEMS_IN_LISTS)
    more = len(found) > limit
    return Page(rows, _cursor_after(found[limit - 1], order) if more else None)


def _filtered(call: Call, query: Query) -> sa.Select[Any]:
    filters = (*query.owners, *query.items, query.search)
    if len(filters) > MOST_FILTERS or any(len(text) > LONGEST_FILTER for text in filters):
        raise Malformed(f"Ask for at most {MOST_FILTERS} owners and items at once.")
    statement = queries.selected().where(queries.may_be_seen(call.actor))
    if query.owners:
        keys = [owner.lower() for owner in query.owners]
        statement = statement.where(namespaces.c.key.in_(keys))
    if query.items:
        inside = [_having(call, text) for text in query.items]
        statement = statement.where(sa.or_(sa.false(), *[one for one in inside if one is not None]))
    for word in query.search.casefold().split()[:MOST_FILTERS]:
        found = collections.c.words.contains(word, autoescape=True)
        statement = statement.where(sa.or_(found, namespaces.c.key.contains(word, autoescape=True)))
    return statement


def _having(call: Call, text: str) -> sa.ColumnElement[bool] | None:
    """The condition that an item is in a collection; None when the caller knows no such item."""
    kind, item_id = kind_and_id(text)
    try:
        target = target_of(call, kind, item_id)
    except (NotFound, RepoDisabled):
        return None
    return collections.c.id.in_(queries.holding(target))


def _after(place: _Place, order: sa.Column[Any]) -> sa.ColumnElement[bool]:
    value: object = place.value
    if order is collections.c.updated_at:
        value = from_millis(int(place.value))
    elif order is collections.c.upvotes:
        value = int(place.value)
    return sa.or_(order < value, sa.and_(order == value, collections.c.id < place.id))


def _cursor_after(row: sa.Row[Any], order: sa.Column[Any]) -> str:
    value = row._mapping[order.name]  # noqa: SLF001 — the documented way to read a Row by name
    number = value if isinstance(value, (int, float)) else to_millis(value)
    return cursor_at((number, row.id))
