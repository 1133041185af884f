"""Collections with what is in them, as the caller may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from strata.community.collections import queries
from strata.community.collections.edit import find
from strata.community.collections.queries import ItemRow
from strata.community.collections.record import Collection, Item, Shown
from strata.core.call import Call
from strata.repos.queries import repos_by_ids
from strata.repos.record import Repo


def shown(call: Call, slug: str) -> Shown:
    """One collection with all that the caller may see of it.

    Raises:
        NotFound: there is none, or the caller may not know of it.
    """
    collection = find(call, slug)
    return filled(call, [collection], None)[0]


def unavailable(call: Call, collection: Collection) -> list[ItemRow]:
    """Items whose target is hidden from the caller, or gone; for those who may remove them."""
    seen = {row.id for row in queries.visible_items(call, [collection.id])}
    return [row for row in queries.all_items(call, collection.id) if row.id not in seen]


def holding(call: Call, target: Repo | Collection, among: Iterable[Collection]) -> set[int]:
    """The ids of those collections that have the target in them."""
    return queries.holders(call, target, [collection.id for collection in among])


def filled(call: Call, found: Sequence[Collection], at_most: int | None) -> list[Shown]:
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
