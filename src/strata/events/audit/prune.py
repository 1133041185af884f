"""Remove the facts that are older than the log is kept, whole days at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.tables import audit_seals, facts

MOST_AT_ONCE: Final = 5_000  # rows of one transaction


def prune(work: Work) -> int:
    """Remove a first part of what is too old; returns how many rows went.

    The newest seal whose rows go stays: from its link the rest of the chain is checked.
    """
    edge = work.now - timedelta(days=work.hub.settings.audit.retention_days)
    # A seal is of the day's last batch: what it covers is no younger than it.
    through = work.db.scalar(
        sa.select(sa.func.max(audit_seals.c.chain_no)).where(audit_seals.c.at < edge)
    )
    if through is None:
        return 0
    work.db.execute(
        sa.update(audit_seals)
        .where(audit_seals.c.chain_no <= through, audit_seals.c.removed_at.is_(None))
        .values(removed_at=work.now)
    )
    oldest = (
        sa.select(facts.c.chain_no)
        .where(facts.c.chain_no <= through)
        .order_by(facts.c.chain_no)
        .limit(MOST_AT_ONCE)
    )
    gone = work.db.execute(sa.delete(facts).where(facts.c.chain_no.in_(oldest))).rowcount
    if gone < MOST_AT_ONCE:
        work.db.execute(sa.delete(audit_seals).where(audit_seals.c.chain_no < through))
    return gone
