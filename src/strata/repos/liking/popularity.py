"""How much a repo is wanted: who likes it, how often it is downloaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.lib.db.columns import EPOCH
from strata.lib.db.statements import upsert
from strata.repos.record import Repo
from strata.repos.tables import downloads, likes, stirred


def stir(work: Work, repo_row_ids: Iterable[int]) -> None:
    """Note that likes or downloads of repos changed; what depends on them is counted later."""
    rows = [{"repo_id": repo_row_id} for repo_row_id in sorted(repo_row_ids)]
    if rows:
        work.db.execute(upsert(work.db, stirred).on_conflict_do_nothing(), rows)


def liked(call: Call, repo: Repo) -> bool:
    """Whether the caller likes the repo."""
    if call.actor.user_id is None:
        return False
    mine = sa.and_(likes.c.repo_id == repo.id, likes.c.user_id == call.actor.user_id)
    return bool(call.db.scalar(sa.select(sa.exists().where(mine))))


def downloads_by_day(call: Call, repo: Repo, days: int) -> tuple[int, ...]:
    """Downloads of each of the last days, the oldest first, today last."""
    today = (call.now - EPOCH) // timedelta(days=1)
    rows = call.db.execute(
        sa.select(downloads.c.day, downloads.c.count).where(
            downloads.c.repo_id == repo.id, downloads.c.day > today - days
        )
    )
    counted = {day: int(count) for day, count in rows}
    return tuple(counted.get(today - ago, 0) for ago in reversed(range(days)))
