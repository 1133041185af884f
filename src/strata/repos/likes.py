"""Likes: one per person and repo, doing it twice is fine."""

from __future__ import annotations

import sqlalchemy as sa

from strata.access.policy import Action
from strata.core.call import Work
from strata.core.names import RepoId
from strata.lib.db.statements import upsert
from strata.repos.lookup import lookup
from strata.repos.tables import likes, repos


def like(work: Work, repo_id: RepoId) -> None:
    """Like a repo.

    Raises:
        RepoNotFound, Unauthenticated, …: as `repos.lookup.lookup`.
    """
    repo = lookup(work, repo_id, Action.PROPOSE)
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
    repo = lookup(work, repo_id, Action.PROPOSE)
    mine = sa.and_(likes.c.repo_id == repo.id, likes.c.user_id == work.actor.user_id)
    removed = work.db.execute(sa.delete(likes).where(mine)).rowcount
    _count(work, repo.id, -removed)


def _count(work: Work, repo_row_id: int, change: int) -> None:
    if change:
        work.db.execute(
            sa.update(repos).where(repos.c.id == repo_row_id).values(likes=repos.c.likes + change)
        )
