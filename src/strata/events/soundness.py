"""Which background work gave up? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.findings import Check, Finding
from strata.events.tables import jobs


def failed_jobs(call: Call) -> Iterator[Finding]:
    """The jobs that will not be tried again by themselves, with their last words."""
    columns = (jobs.c.id, jobs.c.kind, jobs.c.attempts, jobs.c.last_error)
    for row in call.db.execute(
        sa.select(*columns).where(jobs.c.failed_at.is_not(None)).order_by(jobs.c.id)
    ).all():
        said = (row.last_error or "").strip().rpartition("\n")[2]
        yield Finding(
            Check.JOBS, f"job {row.id}", f"{row.kind} gave up after {row.attempts} tries: {said}"
        )
