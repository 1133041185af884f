"""Background work that gave up, as far as nobody was told of it yet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.events.tables import jobs

# What was tried again and gave up once more is news once more.
_UNTOLD = sa.and_(
    jobs.c.failed_at.is_not(None),
    sa.or_(jobs.c.told_at.is_(None), jobs.c.told_at < jobs.c.failed_at),
)


def untold(call: Call) -> dict[int, str]:
    """The kinds of the jobs that gave up since somebody was told, by their ids."""
    rows = call.db.execute(sa.select(jobs.c.id, jobs.c.kind).where(_UNTOLD).order_by(jobs.c.id))
    return {row.id: row.kind for row in rows}


def told_since(call: Call, moment: datetime) -> bool:
    """Whether somebody was told of any since then."""
    told = sa.select(jobs.c.id).where(jobs.c.failed_at.is_not(None), jobs.c.told_at > moment)
    return call.db.execute(told.limit(1)).first() is not None


def mark_told(work: Work, ids: Collection[int]) -> None:
    work.db.execute(sa.update(jobs).where(jobs.c.id.in_(list(ids))).values(told_at=work.now))
