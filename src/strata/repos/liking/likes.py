"""Likes: one per person and repo, doing it twice is fine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.access.policy.verbs import Action
from strata.access.visibility import visible
from strata.accounts.people import Face, face, faces
from strata.accounts.standing import is_seen
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page, Window, page_down
from strata.lib.db.statements import upsert
from strata.repos.liking.popularity import stir
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.repos.tables import likes, repos


@dataclass(frozen=True, slots=True)
class Liked:
    """A repo that somebody likes."""

    repo_id: RepoId
    at: datetime


def like(work: Work, repo_id: RepoId) -> None:
    """Like a repo.

    Raises:
        RepoNotFound, Unauthenticated, …: as `repos.lookup.lookup`.
    """
    repo = lookup(work, repo_id, Action.DISCUSS)
    fresh = upsert(work.db, likes).values(
        repo_id=repo.id, user_id=work.actor.user_id, created_at=work.now
    )
    added = work.db.execute(fresh.on_conflict_do_nothing()).rowcount
    _count(work, repo.id, added)


def unlike(work: Work, repo_id: RepoId) -> None:
    """Take a like back.

    Raises:
        RepoNotFound, Unauthenticated, …: as `repos.lookup.lookup`.
    """
    repo = lookup(work, repo_id, Action.DISCUSS)
    mine = sa.and_(likes.c.repo_id == repo.id, likes.c.user_id == work.actor.user_id)
    removed = work.db.execute(sa.delete(likes).where(mine)).rowcount
    _count(work, repo.id, -removed)


def likers(call: Call, repo: Repo, window: Window) -> Page[Face]:
    """Who likes a repo, the latest first; whoever holds a `Repo` may read it."""
    statement = (
        faces()
        .join(likes, likes.c.user_id == users.c.id)
        .where(likes.c.repo_id == repo.id, is_seen(call))
    )
    order = (likes.c.created_at, likes.c.user_id)
    return page_down(call.db, statement, window, order, face)


def liked_by(call: Call, user_id: int, window: Window) -> Page[Liked]:
    """The repos that a person likes and the caller may see, the latest like first."""
    order = (likes.c.created_at, likes.c.repo_id)
    return page_down(call.db, _shown(call, user_id), window, order, _liked)


def count_liked(call: Call, user_id: int) -> int:
    """How many repos `liked_by` lists."""
    statement = _shown(call, user_id).subquery()
    return call.db.scalar(sa.select(sa.func.count()).select_from(statement)) or 0


def _shown(call: Call, user_id: int) -> sa.Select[Any]:
    return (
        sa.select(repos.c.type, repos.c.namespace, repos.c.name, likes.c.created_at)
        .join(repos, repos.c.id == likes.c.repo_id)
        .where(
            likes.c.user_id == user_id,
            repos.c.deleted_at.is_(None),
            visible(call.actor, repos),
        )
    )


def _liked(row: sa.Row[Any]) -> Liked:
    return Liked(RepoId(RepoType(row.type), row.namespace, row.name), row.created_at)


def _count(work: Work, repo_row_id: int, change: int) -> None:
    if change:
        work.db.execute(
            sa.update(repos).where(repos.c.id == repo_row_id).values(likes=repos.c.likes + change)
        )
        stir(work, [repo_row_id])
