"""How the chain of the audit log stands, without reading it through."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from strata.core.call import Call
from strata.events.audit.sealing import seal as sealing
from strata.events.audit.sealing.seal import Seal
from strata.events.tables import facts


@dataclass(frozen=True, slots=True)
class State:
    """The newest seal, and what came after it."""

    seal: Seal | None  # None: nothing has happened yet
    waiting: int  # facts that are not bound yet; a serving hub binds them within minutes
    kept_days: int


def state(call: Call) -> State:
    """How the chain stands."""
    waiting = call.db.scalar(
        sa.select(sa.func.count()).select_from(facts).where(facts.c.chain_no.is_(None))
    )
    return State(sealing.newest(call), waiting or 0, call.hub.settings.audit.retention_days)
