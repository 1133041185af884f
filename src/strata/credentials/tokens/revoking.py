"""Every token of an account at once."""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.call import Work
from strata.credentials.tokens.tables import tokens
from strata.events.facts import record


def revoke_all(work: Work, user_id: int) -> None:
    """Let no token of an account open anything any more."""
    gone = work.db.execute(
        sa.delete(tokens).where(tokens.c.user_id == user_id).returning(tokens.c.name)
    )
    for row in gone.all():
        record(work, "token.delete", target=row.name, actor_id=user_id)
