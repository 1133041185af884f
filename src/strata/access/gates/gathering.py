"""Requests that somebody hears of in their own digest, because they chose one (product §2.2 P13).

What is gathered is taken in the transaction that writes the digest: a crash leaves both or neither,
and of two processes one finds nothing left.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from strata.access.gates.record import Standing
from strata.access.gates.tables import access_requests, gathered_requests
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert


def gather(work: Work, repo_row_id: int, user_id: int, since: datetime) -> None:
    """Leave the requests of a repo since a moment to somebody's digest, with those of before."""
    fresh = upsert(work.db, gathered_requests).values(
        user_id=user_id, repo_id=repo_row_id, since=since
    )
    held, new = gathered_requests.c.since, fresh.excluded.since
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=["user_id", "repo_id"],
            set_={"since": new},
            where=new < held,
        )
    )


def waiting(call: Call, before: datetime, limit: int, *, after: int) -> list[tuple[int, datetime]]:
    """People to whose digests requests of before a moment were left, by id, and since when."""
    person, since = gathered_requests.c.user_id, gathered_requests.c.since
    rows = call.db.execute(
        sa.select(person, sa.func.min(since, type_=since.type))
        .where(since <= before, person > after)
        .group_by(person)
        .order_by(person)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def take(work: Work, user_id: int, before: datetime) -> Mapping[int, datetime]:
    """Take what was left to somebody's digest before a moment: repos, and since when each."""
    mine = sa.and_(gathered_requests.c.user_id == user_id, gathered_requests.c.since <= before)
    taken = sa.delete(gathered_requests).where(mine)
    rows = work.db.execute(taken.returning(gathered_requests.c.repo_id, gathered_requests.c.since))
    return {row.repo_id: row.since for row in rows}


def number_waiting(call: Call, repo_row_id: int, since: datetime) -> int:
    """How many requests since a moment nobody has decided yet."""
    found = sa.select(sa.func.count()).where(
        access_requests.c.repo_id == repo_row_id,
        access_requests.c.status == Standing.PENDING.value,
        access_requests.c.asked,
        access_requests.c.requested_at >= since,
    )
    return int(call.db.scalar(found) or 0)
