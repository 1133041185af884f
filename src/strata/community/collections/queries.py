"""All SQL about collections; what the caller may not see takes part in nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.access.policy.roles import namespaces_with
from strata.access.policy.things import Thing
from strata.access.visibility import visible
from strata.accounts.tables import namespaces, users
from strata.community.collections.record import Collection, Owner, Theme
from strata.community.collections.tables import (
    collection_items as items,
    collection_upvotes as votes,
    collections,
)
from strata.core.actor import Actor, Role
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.organizations.tables import organizations
from strata.repos.record import Repo
from strata.repos.tables import repos


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item, of which the caller may see the target."""

    id: int
    key: str
    collection_id: int
    repo_id: int | None
    child_id: int | None
    note: str


def may_be_seen(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which the caller may know of a collection."""
    return visible(actor, collections, Thing.COLLECTION)


def selected() -> sa.Select[Any]:
    """Collections with their owners; `collection_of` reads the rows."""
    return (
        sa.select(
            collections,
            namespaces.c.name.label("owner_name"),
            sa.func.coalesce(users.c.public_id, organizations.c.public_id).label("owner_key"),
            sa.func.coalesce(users.c.full_name, organizations.c.full_name).label("owner_full_name"),
            organizations.c.id.is_not(None).label("of_organization"),
        )
        .join(namespaces, namespaces.c.id == collections.c.owner_id)
        .outerjoin(users, users.c.id == collections.c.owner_id)
        .outerjoin(organizations, organizations.c.id == collections.c.owner_id)
    )


def collection_of(row: sa.Row[Any]) -> Collection:
    return Collection(
        id=row.id,
        key=row.key,
        owner=Owner(
            id=row.owner_id,
            public_id=row.owner_key,
            name=row.owner_name,
            full_name=row.owner_full_name,
            is_organization=bool(row.of_organization),
        ),
        title=row.title,
        description=row.description,
        private=row.private,
        theme=Theme(row.theme),
        upvotes=row.upvotes,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def by_key(call: Call, key: str) -> Collection | None:
    """A collection that the caller may see."""
    row = call.db.execute(
        selected().where(collections.c.key == key, may_be_seen(call.actor))
    ).first()
    return collection_of(row) if row else None


def by_ids(call: Call, ids: Iterable[int]) -> dict[int, Collection]:
    """Those of the collections that the caller may see."""
    wanted = sorted(set(ids))
    rows = call.db.execute(
        selected().where(collections.c.id.in_(wanted), may_be_seen(call.actor))
    ).all()
    return {row.id: collection_of(row) for row in rows}


def titled(call: Call, owner_id: int, title_key: str) -> Collection | None:
    """The collection of an owner that has this title, seen or not: asked by who may write."""
    row = call.db.execute(
        selected().where(collections.c.owner_id == owner_id, collections.c.title_key == title_key)
    ).first()
    return collection_of(row) if row else None


def changeable(call: Call) -> list[Collection]:
    """The collections that the caller may change, those changed last first."""
    actor = call.actor
    made = sa.and_(
        collections.c.created_by == actor.user_id,
        collections.c.owner_id.in_(namespaces_with(actor, Role.CONTRIBUTOR)),
    )
    mine = sa.or_(collections.c.owner_id.in_(namespaces_with(actor, Role.WRITE)), made)
    rows = call.db.execute(
        selected()
        .where(mine, may_be_seen(actor))
        .order_by(collections.c.updated_at.desc(), collections.c.id.desc())
    )
    return [collection_of(row) for row in rows]


def insert(work: Work, values: dict[str, object]) -> bool:
    """Write a collection at the end of its owner's; False when the title was taken meanwhile."""
    last = sa.select(sa.func.coalesce(sa.func.max(collections.c.position), -1) + 1).where(
        collections.c.owner_id == values["owner_id"]
    )
    fresh = upsert(work.db, collections).values(**values, position=last.scalar_subquery())
    return work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1


def change(work: Work, collection_id: int, **values: object) -> None:
    """Change columns; the row stays locked until the end, so changers of one wait in line."""
    work.db.execute(
        sa.update(collections)
        .where(collections.c.id == collection_id)
        .values(**values, updated_at=work.now)
    )


def lock_owner(work: Work, owner_id: int) -> None:
    """Make other changes to titles and order of an owner's collections wait."""
    work.db.execute(
        sa.select(namespaces.c.id)
        .where(namespaces.c.id == owner_id)
        .with_for_update(key_share=True)
    )


def locked(work: Work, collection_id: int) -> None:
    """Make other transactions on this collection wait; SQLite has one writer anyway."""
    work.db.execute(
        sa.select(collections.c.id)
        .where(collections.c.id == collection_id)
        .with_for_update(key_share=True)
    )


def remove(work: Work, collection_id: int) -> None:
    """Remove a collection, its items and votes, and it itself from other collections."""
    there = sa.or_(items.c.collection_id == collection_id, items.c.child_id == collection_id)
    work.db.execute(sa.delete(items).where(there))
    work.db.execute(sa.delete(votes).where(votes.c.collection_id == collection_id))
    work.db.execute(sa.delete(collections).where(collections.c.id == collection_id))


def place_of(call: Call, collection: Collection) -> int:
    """How many collections of the owner, that the caller may see, stand before this one."""
    mine = sa.select(collections.c.position).where(collections.c.id == collection.id)
    before = sa.and_(
        collections.c.owner_id == collection.owner_id,
        collections.c.position < mine.scalar_subquery(),
        may_be_seen(call.actor),
    )
    return call.db.scalar(sa.select(sa.func.count()).where(before)) or 0


def order_of_owner(work: Work, owner_id: int) -> list[int]:
    """The ids of an owner's collections in their order."""
    order = (collections.c.position, collections.c.id)
    statement = sa.select(collections.c.id).where(collections.c.owner_id == owner_id)
    return list(work.db.scalars(statement.order_by(*order)))


def reorder(work: Work, table: sa.Table, ids: Sequence[int]) -> None:
    """Number rows in this order, from 0."""
    for position, row_id in enumerate(ids):
        moved = sa.and_(table.c.id == row_id, table.c.position != position)
        work.db.execute(sa.update(table).where(moved).values(position=position))


def visible_items(
    call: Call, collection_ids: Iterable[int], *, at_most: int | None = None
) -> list[ItemRow]:
    """The items of collections whose targets the caller may see, in their order.

    Args:
        at_most: only the first so many of each collection.
    """
    wanted = sorted(set(collection_ids))
    turn = sa.func.row_number().over(
        partition_by=items.c.collection_id, order_by=(items.c.position, items.c.id)
    )
    seen = (
        sa.select(items, turn.label("turn"))
        .select_from(items)
        .outerjoin(repos, repos.c.id == items.c.repo_id)
        .outerjoin(collections, collections.c.id == items.c.child_id)
        .where(items.c.collection_id.in_(wanted), _target_seen(call.actor))
        .subquery()
    )
    statement = sa.select(seen).order_by(seen.c.collection_id, seen.c.turn)
    if at_most is not None:
        statement = statement.where(seen.c.turn <= at_most)
    return [_item(row) for row in call.db.execute(statement)]


def _target_seen(actor: Actor) -> sa.ColumnElement[bool]:
    repo = sa.and_(
        repos.c.id.is_not(None),
        repos.c.deleted_at.is_(None),
        visible(actor, repos),
    )
    return sa.or_(repo, sa.and_(collections.c.id.is_not(None), may_be_seen(actor)))


def _item(row: sa.Row[Any]) -> ItemRow:
    return ItemRow(row.id, row.key, row.collection_id, row.repo_id, row.child_id, row.note)


def all_items(call: Call, collection_id: int) -> list[ItemRow]:
    """Every item in its order, also what the caller may not see: for those who may change it."""
    rows = call.db.execute(
        sa.select(items)
        .where(items.c.collection_id == collection_id)
        .order_by(items.c.position, items.c.id)
    )
    return [_item(row) for row in rows]


def holding(target: Repo | Collection) -> sa.Select[tuple[int]]:
    """The ids of the collections that have something in them."""
    column = items.c.repo_id if isinstance(target, Repo) else items.c.child_id
    return sa.select(items.c.collection_id).where(column == target.id)


def holders(call: Call, target: Repo | Collection, among: Iterable[int]) -> set[int]:
    """Those of the collections that have something in them."""
    wanted = holding(target).where(items.c.collection_id.in_(list(among)))
    return set(call.db.scalars(wanted))


def insert_item(work: Work, values: dict[str, object]) -> bool:
    """Write an item at the end; False when its target is in the collection already."""
    last = sa.select(sa.func.coalesce(sa.func.max(items.c.position), -1) + 1).where(
        items.c.collection_id == values["collection_id"]
    )
    fresh = upsert(work.db, items).values(**values, position=last.scalar_subquery())
    return work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1


def note_item(work: Work, item_id: int, note: str) -> None:
    work.db.execute(sa.update(items).where(items.c.id == item_id).values(note=note))


def remove_item(work: Work, item_id: int) -> None:
    work.db.execute(sa.delete(items).where(items.c.id == item_id))


def upvoted_among(call: Call, collection_ids: Iterable[int]) -> set[int]:
    """Which of the collections the caller voted for."""
    if call.actor.user_id is None:
        return set()
    mine = sa.and_(
        votes.c.user_id == call.actor.user_id, votes.c.collection_id.in_(list(collection_ids))
    )
    return set(call.db.scalars(sa.select(votes.c.collection_id).where(mine)))


def add_vote(work: Work, collection_id: int) -> bool:
    """Note the caller's vote; False when it was there."""
    fresh = upsert(work.db, votes).values(
        collection_id=collection_id, user_id=work.actor.user_id, created_at=work.now
    )
    return work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1


def take_vote(work: Work, collection_id: int) -> bool:
    """Remove the caller's vote; False when there was none."""
    mine = sa.and_(votes.c.collection_id == collection_id, votes.c.user_id == work.actor.user_id)
    return work.db.execute(sa.delete(votes).where(mine)).rowcount == 1


def upvotes_received(call: Call, owner_id: int) -> int:
    """How often others voted for an owner's collections, of those that the caller may see."""
    given = sa.select(sa.func.sum(collections.c.upvotes)).where(
        collections.c.owner_id == owner_id, may_be_seen(call.actor)
    )
    return int(call.db.scalar(given) or 0)


def vote_moments(call: Call, collection_id: int) -> list[Any]:
    """When each vote was given."""
    statement = sa.select(votes.c.created_at).where(votes.c.collection_id == collection_id)
    return list(call.db.scalars(statement))


def count_votes(work: Work, collection_id: int, *, upvotes: int, trending: float) -> None:
    work.db.execute(
        sa.update(collections)
        .where(collections.c.id == collection_id)
        .values(upvotes=upvotes, trending=trending)
    )
