"""An ID token is exchanged once: whoever reads it in a log of the job comes too late.

Some services give a job one token for all of its steps, each of which exchanges it anew; which ones
these are, the operator says (`publishers.reusable`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Work
from strata.lib.db.statements import upsert
from strata.repos.publishers.tables import publisher_statements

LONGEST: Final = timedelta(days=366)  # that one is remembered
LEEWAY: Final = timedelta(minutes=5)  # more than clocks may differ where it is checked


def is_first(work: Work, issuer: str, statement: str, said: Mapping[str, Any]) -> bool:
    """Whether this ID token may be exchanged, which it may not be again.

    Call it in the transaction that gives the token, so that of several at once one wins.

    Args:
        said: its claims, which were checked.
    """
    if issuer in {one.rstrip("/") for one in work.hub.settings.publishers.reusable}:
        return True
    over = publisher_statements.c.expires_at <= work.now
    work.db.execute(sa.delete(publisher_statements).where(over))
    fresh = upsert(work.db, publisher_statements).values(
        digest=work.hub.secrets.digest("publisher.statement", _name(issuer, statement, said)),
        expires_at=_ends(work.now, said),
    )
    kept = fresh.on_conflict_do_nothing().returning(publisher_statements.c.digest)
    return work.db.execute(kept).first() is not None


def _name(issuer: str, statement: str, said: Mapping[str, Any]) -> str:
    """What tells it from others: its own id, else all that was signed."""
    own = said.get("jti")
    return f"{issuer} {own}" if isinstance(own, str) and own else statement.rpartition(".")[0]


def _ends(now: datetime, said: Mapping[str, Any]) -> datetime:
    latest = int((now + LONGEST).timestamp())
    return datetime.fromtimestamp(min(int(said["exp"]), latest), UTC) + LEEWAY
