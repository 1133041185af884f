"""Collections with what is in them, as the caller may see it; lists of collections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.community.collections import queries
from strata.community.collections.edit import find
from strata.community.collections.items import kind_and_id, target_of
from strata.community.collections.queries import ItemRow
from strata.community.collections.record import Collection, Item, Shown
from strata.community.collections.tables import collection_items, collections
from strata.core.call import Call
from strata.core.cursors import cursor_at, place_of
from strata.core.errors import Malformed, NotFound, RepoDisabled
from strata.lib.db.columns import from_millis, to_millis
from strata.repos.queries import repos_by_ids
from strata.repos.record import Repo

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
    value: Annotated[float, msgspec.Meta(gt=-(2**62), lt=2**62)]
    id: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


def shown(call: Call, slug: str) -> Shown:
    """One collection with all that the caller may see of it.

    Raises:
        NotFound: there is none, or the caller may not know of it.
    """
    collection = find(call, slug)
    return _filled(call, [collection], None)[0]


def unavailable(call: Call, collection: Collection) -> list[ItemRow]:
    """Items whose target is hidden from the caller, or gone; for those who may remove them."""
    seen = {row.id for row in queries.visible_items(call, [collection.id])}
    return [row for row in queries.all_items(call, collection.id) if row.id not in seen]


def holding(call: Call, target: Repo | Collection, among: Iterable[Collection]) -> set[int]:
    """The ids of those collections that have the target in them."""
    column = _column(target)
    statement = sa.select(collection_items.c.collection_id).where(
        column == target.id,
        collection_items.c.collection_id.in_([collection.id for collection in among]),
    )
    return set(call.db.scalars(statement))


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
    rows = _filled(call, [queries.collection_of(row) for row in found[:limit]], ITEMS_IN_LISTS)
    more = len(found) > limit
    return Page(rows, _cursor_after(found[limit - 1], order) if more else None)


def _filled(call: Call, found: Sequence[Collection], at_most: int | None) -> list[Shown]:
    """Put what the caller may see into collections, in four queries for all of them."""
    ids = [collection.id for collection in found]
    rows = queries.visible_items(call, ids, at_most=at_most)
    repos = repos_by_ids(call, [row.repo_id for row in rows if row.repo_id is not None])
    children = queries.by_ids(call, [row.child_id for row in rows if row.child_id is not None])
    upvoted = queries.upvoted_among(call, ids)
    items: dict[int, list[Item]] = {collection_id: [] for collection_id in ids}
    for row in rows:
        target = repos.get(row.repo_id or 0) or children.get(row.child_id or 0)
        if target is not None:  # else it went away between two of the queries
            items[row.collection_id].append(Item(row.key, row.note, target))
    return [Shown(one, tuple(items[one.id]), one.id in upvoted) for one in found]


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
    inside = sa.select(collection_items.c.collection_id).where(_column(target) == target.id)
    return collections.c.id.in_(inside)


def _column(target: Repo | Collection) -> sa.Column[Any]:
    name = "repo_id" if isinstance(target, Repo) else "child_id"
    return collection_items.c[name]


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
