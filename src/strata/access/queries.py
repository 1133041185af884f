"""All SQL of the room."""

from __future__ import annotations

import sqlalchemy as sa

from strata.access.record import Notices
from strata.access.tables import gate_notices
from strata.core.call import Call, Work
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert

_STATUS = Prepared(
    "SELECT status FROM access_requests WHERE repo_id = :repo_id AND user_id = :user_id"
)


def status_of(call: Call, repo_row_id: int, user_id: int) -> str | None:
    """Where a person stands at the gate of a repo; None: never asked."""
    row = _STATUS.row(call.db, {"repo_id": repo_row_id, "user_id": user_id})
    return row[0] if row else None


def notices_of(call: Call, repo_row_id: int) -> Notices:
    """Who is told of requests."""
    row = call.db.execute(
        sa.select(gate_notices.c.email, gate_notices.c.mode).where(
            gate_notices.c.repo_id == repo_row_id
        )
    ).first()
    return Notices(row.email, row.mode) if row else Notices()


def set_notices(work: Work, repo_row_id: int, notices: Notices) -> None:
    """Choose who is told of requests."""
    chosen = {"email": notices.email, "mode": notices.mode}
    fresh = upsert(work.db, gate_notices).values(repo_id=repo_row_id, **chosen)
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=[gate_notices.c.repo_id], set_=chosen)
    )
