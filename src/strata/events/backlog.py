"""Is what happens in the background on time? For the page that says how the hub is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.events.mails.tables import mails
from strata.events.tables import jobs

LATE: Final = timedelta(minutes=10)
MOST: Final = 1_000  # counted no further


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits that should be done by now; at most `MOST` of each."""

    late_jobs: int
    failed_jobs: int  # gave up; `strata doctor` names them
    late_mails: int


def backlog(call: Call) -> Backlog:
    """Count what is late; the cost grows with that alone."""
    since = call.now - LATE
    waits = sa.select(jobs.c.id).where(jobs.c.failed_at.is_(None), jobs.c.due <= since)
    unsent = sa.select(mails.c.id).where(mails.c.finished_at.is_(None), mails.c.created_at <= since)
    return Backlog(
        late_jobs=_count(call, waits),
        failed_jobs=_count(call, sa.select(jobs.c.id).where(jobs.c.failed_at.is_not(None))),
        late_mails=_count(call, unsent),
    )


def _count(call: Call, rows: sa.Select[tuple[int]]) -> int:
    counted = sa.select(sa.func.count()).select_from(rows.limit(MOST).subquery())
    return call.db.scalar(counted) or 0
