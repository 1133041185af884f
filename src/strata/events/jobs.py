"""Background work: rows written in the caller's transaction, so none is lost and none is phantom.

A job is a frozen dataclass whose fields are its body and whose `run(call)` does it. Jobs run at
least once, so `run` must be idempotent. A failing job is tried again with growing pauses and is
kept, marked, when it gives up.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

import msgspec
import sqlalchemy as sa
import structlog

from strata.core.call import Call, Work, reading, working
from strata.core.hub import Hub
from strata.events.tables import jobs
from strata.lib.db.statements import upsert

LEASE = timedelta(minutes=10)  # after this a job whose process died is taken again
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 36  # a little more than a day
ERROR_LENGTH = 4_000

log = structlog.get_logger("strata.jobs")


class Job(Protocol):
    """What the queue needs of a job; implementations are frozen dataclasses."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    kind: ClassVar[str]  # stable name, stored in the row

    def run(self, call: Call) -> None:
        """Do it; raising means try again later."""


class GiveUp(Exception):
    """Raised by a job that would fail for ever; it is marked failed at once."""


class Later(Exception):
    """Raised by a job whose time has not come; it is run again after a pause, as if new."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"not before {after}")
        self.after = after


def enqueue(
    work: Work, job: Job, *, key: str | None = None, after: timedelta = timedelta(0)
) -> None:
    """Queue a job with the transaction.

    Args:
        key: a job with a key that already waits is not queued a second time; default: kind
        and body. after: pause before the first attempt.
    """
    body = dataclasses.asdict(job)
    default_key = f"{job.kind}:{msgspec.json.encode(body, order='sorted').decode()}"
    enqueue_row(work, job.kind, body, key=key or default_key, after=after)


def enqueue_row(
    work: Work,
    kind: str,
    body: Mapping[str, object],
    *,
    key: str,
    after: timedelta = timedelta(0),
) -> None:
    """Queue a job by the name of its kind; for facts, whose reactions stand above them."""
    work.queued.add(kind)
    fresh = upsert(work.db, jobs).values(
        kind=kind, key=key, body=dict(body), due=work.now + after, attempts=0
    )
    # A waiting job with this key becomes due again even if it had given up or is just running:
    # what it must see was written after it started.
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[jobs.c.key],
            set_={
                "due": fresh.excluded.due,
                "attempts": 0,
                "failed_at": None,
                "locked_until": None,
            },
        )
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    kind: str
    body: Any
    attempts: int
    due: datetime
    locked_until: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Lane:
    """Which kinds of jobs a runner takes, so that slow ones hold up no others."""

    only: frozenset[str] = frozenset()  # empty: every kind
    never: frozenset[str] = frozenset()

    def includes(self, kind: str) -> bool:
        return (not self.only or kind in self.only) and kind not in self.never

    def takes(self) -> sa.ColumnElement[bool]:
        wanted = jobs.c.kind.in_(self.only) if self.only else sa.true()
        return sa.and_(wanted, jobs.c.kind.not_in(self.never)) if self.never else wanted


EVERY_KIND = Lane()


def run_due(
    hub: Hub, registry: Mapping[str, type[Job]], lane: Lane = EVERY_KIND, *, limit: int = 50
) -> int:
    """Run the jobs that are due, oldest first; returns how many ran."""
    ran = 0
    while ran < limit and (claimed := _claim(hub, lane)):
        _run(hub, registry, claimed)
        ran += 1
    return ran


def next_due(call: Call, lane: Lane = EVERY_KIND) -> datetime | None:
    """When the next job that nobody runs becomes due; None when none waits."""
    due: datetime | None = call.db.scalar(
        sa.select(sa.func.min(jobs.c.due, type_=jobs.c.due.type)).where(
            jobs.c.failed_at.is_(None),
            sa.or_(jobs.c.locked_until.is_(None), jobs.c.locked_until < call.now),
            lane.takes(),
        )
    )
    return due


def _claim(hub: Hub, lane: Lane) -> _Claimed | None:
    """Take the oldest due job; two processes never get the same one."""
    now = hub.clock()
    free = sa.or_(jobs.c.locked_until.is_(None), jobs.c.locked_until < now)
    with reading(hub) as call:
        row = call.db.execute(
            sa.select(jobs)
            .where(jobs.c.failed_at.is_(None), jobs.c.due <= now, free, lane.takes())
            .order_by(jobs.c.due, jobs.c.id)
            .limit(1)
        ).first()
        if row is None:
            return None
        with hub.database.writing() as db:
            taken = db.execute(
                sa.update(jobs)
                .where(jobs.c.id == row.id, jobs.c.due == row.due, free)
                .values(locked_until=now + LEASE, attempts=jobs.c.attempts + 1)
            )
    if taken.rowcount == 0:
        return _claim(hub, lane)
    return _Claimed(row.id, row.kind, row.body, row.attempts + 1, row.due, now + LEASE)


def _run(hub: Hub, registry: Mapping[str, type[Job]], claimed: _Claimed) -> None:
    try:
        job = msgspec.convert(claimed.body, registry[claimed.kind])
        with reading(hub) as call:
            job.run(call)
    except Later as later:
        _put_off(hub, claimed, later.after)
    except GiveUp as reason:
        _postpone(hub, claimed, str(reason), give_up=True)
    except Exception:  # noqa: BLE001 — whatever a job raises is kept with it and tried again
        _postpone(hub, claimed, traceback.format_exc(), give_up=claimed.attempts >= MAX_ATTEMPTS)
    else:
        _finish(hub, claimed)


def _still_mine(claimed: _Claimed) -> sa.ColumnElement[bool]:
    # Queued again meanwhile: the row was unlocked and must run once more.
    return sa.and_(jobs.c.id == claimed.id, jobs.c.locked_until == claimed.locked_until)


def _finish(hub: Hub, claimed: _Claimed) -> None:
    with reading(hub) as call, working(call) as work:
        work.db.execute(sa.delete(jobs).where(_still_mine(claimed)))


def _put_off(hub: Hub, claimed: _Claimed, after: timedelta) -> None:
    again = {"locked_until": None, "due": hub.clock() + after, "attempts": claimed.attempts - 1}
    with hub.database.writing() as db:
        db.execute(sa.update(jobs).where(_still_mine(claimed)).values(**again))


def _postpone(hub: Hub, claimed: _Claimed, error: str, *, give_up: bool) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(claimed.attempts - 1, 20), LONGEST_PAUSE)
    now = hub.clock()
    log.warning(
        "job failed",
        kind=claimed.kind,
        attempts=claimed.attempts,
        gave_up=give_up,
        error=error[-400:],
    )
    with hub.database.writing() as db:
        db.execute(
            sa.update(jobs)
            .where(_still_mine(claimed))
            .values(
                locked_until=None,
                due=now + pause,
                last_error=error[-ERROR_LENGTH:],
                failed_at=now if give_up else None,
            )
        )
