"""All SQL about who follows whom."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from strata.accounts.people import Face, face, faces
from strata.accounts.standing import is_seen
from strata.accounts.tables import users
from strata.community.follows.tables import follows
from strata.core.call import Call, Work
from strata.lib.db.seek import Page, Window, page_down
from strata.lib.db.statements import upsert


def add(work: Work, follower_id: int, followed_id: int) -> None:
    fresh = upsert(work.db, follows).values(
        follower_id=follower_id, followed_id=followed_id, created_at=work.now
    )
    work.db.execute(fresh.on_conflict_do_nothing())


def remove(work: Work, follower_id: int, followed_id: int) -> None:
    work.db.execute(
        sa.delete(follows).where(
            follows.c.follower_id == follower_id, follows.c.followed_id == followed_id
        )
    )


def followers(call: Call, namespace_id: int, window: Window) -> Page[Face]:
    """Who follows a user or an organisation, the newest first."""
    statement = (
        faces()
        .join(follows, follows.c.follower_id == users.c.id)
        .where(follows.c.followed_id == namespace_id, is_seen(call))
    )
    return page_down(call.db, statement, window, (follows.c.id,), face)


def following(call: Call, user_id: int, window: Window) -> Page[Face]:
    """The users that somebody follows, the newest first."""
    statement = (
        faces()
        .join(follows, follows.c.followed_id == users.c.id)
        .where(follows.c.follower_id == user_id, is_seen(call))
    )
    return page_down(call.db, statement, window, (follows.c.id,), face)


def count_followers(call: Call, namespace_id: int) -> int:
    return _count(
        call,
        sa.select(follows.c.id)
        .join(users, users.c.id == follows.c.follower_id)
        .where(follows.c.followed_id == namespace_id, is_seen(call)),
    )


def count_following(call: Call, user_id: int) -> int:
    """How many users somebody follows."""
    return _count(
        call,
        sa.select(follows.c.id)
        .join(users, users.c.id == follows.c.followed_id)
        .where(follows.c.follower_id == user_id, is_seen(call)),
    )


def followed_among(call: Call, namespace_ids: Iterable[int]) -> frozenset[int]:
    """Which of these the caller follows."""
    wanted = sorted(set(namespace_ids))
    if call.actor.user_id is None or not wanted:
        return frozenset()
    mine = sa.select(follows.c.followed_id).where(
        follows.c.follower_id == call.actor.user_id, follows.c.followed_id.in_(wanted)
    )
    return frozenset(call.db.scalars(mine))


def _count(call: Call, statement: sa.Select[tuple[int]]) -> int:
    return call.db.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0
