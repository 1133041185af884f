"""Bind new facts into the chain, soon after they were written.

A row's number in the chain is the order in which it was sealed. Transactions of PostgreSQL commit
in another order than they took their ids; whichever row is seen first is sealed first, and one that
appears late is sealed late: none is passed over, because what is not sealed says so itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

import sqlalchemy as sa
import structlog

from strata.core.call import Call, Work, working
from strata.events.audit.prune import prune
from strata.events.audit.sealing.chain import link_of, mark_of, rows_to_bind, seal_of
from strata.events.jobs import enqueue
from strata.events.tables import audit_seals, facts
from strata.lib.db.statements import upsert

EVERY: Final = timedelta(minutes=1)
LINK_LENGTH: Final = 64  # hex
BATCH: Final = 500  # rows of one transaction

log = structlog.get_logger("strata.audit")


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the chain had come by a day's end, or by now."""

    day: str  # "2026-11-26"
    number: int
    link: str

    @property
    def line(self) -> str:
        """How it is noted elsewhere."""
        return f"{self.day}:{self.number}:{self.link}"


def seal_of_line(line: str) -> Seal | None:
    """Read a noted seal back; None when it is none."""
    day, _, rest = line.strip().partition(":")
    number, _, link = rest.partition(":")
    if not (number.isascii() and number.isdigit() and len(link) == LINK_LENGTH):
        return None
    return Seal(day, int(number), link)


@dataclass(frozen=True, slots=True)
class SealFacts:
    """Bind what is new, remove what is older than the log is kept; queues itself again."""

    kind: ClassVar[str] = "audit.seal"

    def run(self, call: Call) -> None:
        seal_all(call)
        with working(call) as work:
            prune(work)
            enqueue(work, self, after=EVERY)


def begin_sealing(work: Work) -> None:
    """Queue the first round; a waiting one is not queued twice."""
    enqueue(work, SealFacts())


def seal_all(call: Call) -> None:
    """Bind every fact that is there, a batch a transaction."""
    full = True
    while full:
        before = newest(call)
        with working(call) as work:
            full = seal(work) == BATCH
        after = newest(call)
        if before and after and before.day != after.day:
            log.info("audit seal", seal=before.line)  # a line outside of the database


def seal(work: Work, *, limit: int = BATCH) -> int:
    """Bind the oldest facts that are not bound yet; returns how many."""
    last = work.db.execute(
        sa.select(audit_seals).order_by(audit_seals.c.chain_no.desc()).limit(1).with_for_update()
    ).first()
    number, link = (last.chain_no, last.link) if last else (0, "")
    unbound = rows_to_bind().where(facts.c.chain_no.is_(None)).order_by(facts.c.id).limit(limit)
    # Locked, so that nobody is erased between the reading and the mark.
    rows = work.db.execute(unbound.with_for_update()).all()
    bound = []
    for row in rows:
        number, salt = number + 1, secrets.token_hex(16)
        mark = mark_of(work.hub, row, salt)
        link = link_of(work.hub, row, number=number, mark=mark, before=link)
        bound.append({"row": row.id, "chain_no": number, "salt": salt, "mark": mark, "link": link})
    if bound:
        work.db.execute(sa.update(facts).where(facts.c.id == sa.bindparam("row")), bound)
        _write_seal(work, number, link)
    return len(bound)


def newest(call: Call) -> Seal | None:
    """The seal of the newest day; None before the first fact is bound."""
    row = call.db.execute(
        sa.select(audit_seals).order_by(audit_seals.c.chain_no.desc()).limit(1)
    ).first()
    return Seal(row.day, row.chain_no, row.link) if row else None


def _write_seal(work: Work, number: int, link: str) -> None:
    day = f"{work.now:%Y-%m-%d}"
    values = {
        "at": work.now,
        "chain_no": number,
        "link": link,
        "mark": seal_of(work.hub, day, number, link),
    }
    fresh = upsert(work.db, audit_seals).values(day=day, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["day"], set_=values))
