"""What somebody asked for: their requests for access, and the repos they are for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.access.gates.record import Standing
from strata.access.gates.tables import access_requests
from strata.access.visibility import visible
from strata.core.call import Call
from strata.lib.db.seek import Page, Window, page_down
from strata.repos import queries
from strata.repos.record import Repo
from strata.repos.tables import repos


@dataclass(frozen=True, slots=True)
class Requested:
    """One request of the caller's."""

    repo: Repo
    standing: Standing
    requested_at: datetime
    reviewed_at: datetime | None
    reason: str | None


def requested(call: Call, window: Window, standing: Standing | None = None) -> Page[Requested]:
    """The caller's requests, the newest first; those for repos that are hidden by now are not."""
    statement = queries.living(
        access_requests.c.repo_id == repos.c.id,
        access_requests.c.user_id == call.actor.user_id,
        visible(call.actor, repos),
    ).add_columns(
        access_requests.c.status,
        access_requests.c.requested_at,
        access_requests.c.reviewed_at,
        access_requests.c.reason,
    )
    if standing is not None:
        statement = statement.where(access_requests.c.status == standing.value)
    order = (access_requests.c.requested_at, access_requests.c.id)
    return page_down(call.db, statement, window, order, _requested)


def _requested(row: sa.Row[Any]) -> Requested:
    return Requested(
        repo=queries.repo_of(row),
        standing=Standing(row.status),
        requested_at=row.requested_at,
        reviewed_at=row.reviewed_at,
        reason=row.reason,
    )
