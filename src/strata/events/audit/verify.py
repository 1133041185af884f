"""Is the audit log whole? For `strata audit verify` and `strata doctor`.

Reads the whole chain in its order and reports the first row that is missing or is not what was
sealed. What a noted seal adds: that the log still leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.findings import Check, Finding
from strata.events.audit.chain import link_of, mark_of, rows_to_bind, seal_of
from strata.events.audit.erase import ERASING
from strata.events.audit.seal import Seal
from strata.events.tables import audit_seals, facts

BATCH: Final = 1000
SEALED_WITHIN: Final = timedelta(hours=1)  # a serving hub seals every minute


@dataclass(frozen=True, slots=True)
class _Reached:
    """The last row that was found in order."""

    number: int
    link: str


class _Broken(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem)
        self.finding = finding


def unsound_log(call: Call) -> Iterator[Finding]:
    """The first row that is broken or missing, and rows that nobody seals."""
    return verify(call)


def verify(call: Call, noted: Seal | None = None) -> Iterator[Finding]:
    """Check the whole log.

    Args:
        noted: a seal of this log that was kept elsewhere.
    """
    try:
        _check(call, noted)
    except _Broken as broken:
        yield broken.finding
    waiting = call.db.scalar(
        sa.select(sa.func.count())
        .select_from(facts)
        .where(facts.c.chain_no.is_(None), facts.c.at < call.now - SEALED_WITHIN)
    )
    if waiting:
        yield _finding("the end", f"{waiting} rows wait to be sealed: does the hub run its jobs?")


def _check(call: Call, noted: Seal | None) -> None:
    seals = call.db.execute(sa.select(audit_seals).order_by(audit_seals.c.chain_no)).all()
    for row in seals:
        if row.mark != seal_of(call.hub, row.day, row.chain_no, row.link):
            raise _broken(f"seal of {row.day}", "it was changed")
    reached = _start(call, seals)
    links = {row.chain_no: row.link for row in seals}
    if noted is not None and noted.number >= reached.number:
        links[noted.number] = noted.link
    for row in _chain(call, reached.number):
        reached = _next(call, row, reached)
        if links.pop(reached.number, reached.link) != reached.link:
            raise _broken(f"row {row.id}", "the log was another one when this place was sealed")
    missing = [number for number in links if number > reached.number]
    if missing:
        raise _broken(
            f"number {reached.number + 1}",
            f"the log ends here, and {max(missing) - reached.number} sealed rows are missing",
        )


def _start(call: Call, seals: Any) -> _Reached:
    """Where the kept part begins: at the start of all, or after what was removed for its age."""
    removed = [row for row in seals if row.removed_at is not None]
    if not removed:
        return _Reached(0, "")
    last = removed[-1]
    edge = call.now - timedelta(days=call.hub.settings.audit.retention_days)
    if last.at >= edge:
        raise _broken(f"seal of {last.day}", "rows were removed that were not old enough")
    return _Reached(last.chain_no, last.link)


def _chain(call: Call, after: int) -> Iterator[sa.Row[Any]]:
    while True:
        rows = call.db.execute(
            rows_to_bind().where(facts.c.chain_no > after).order_by(facts.c.chain_no).limit(BATCH)
        ).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].chain_no


def _next(call: Call, row: sa.Row[Any], reached: _Reached) -> _Reached:
    number = reached.number + 1
    if row.chain_no != number:
        raise _broken(f"number {number}", "this row is missing; the next one is there")
    if row.erased:
        _require_reason(call, row)
    elif row.mark != mark_of(call.hub, row, row.salt or ""):
        raise _broken(f"row {row.id}", "it does not say what it said when it was sealed")
    link = link_of(call.hub, row, number=number, mark=row.mark or "", before=reached.link)
    if link != row.link:
        raise _broken(f"row {row.id}", "it is not the row that was sealed, or not in its place")
    return _Reached(number, link)


def _require_reason(call: Call, row: sa.Row[Any]) -> None:
    """Personal parts go only with their person."""
    concerned = {row.actor_id, row.subject_id, row.owner_id, row.on_behalf_of} - {None}
    gone = sa.select(facts.c.id).where(facts.c.name == ERASING, facts.c.subject_id.in_(concerned))
    if call.db.execute(gone.limit(1)).first() is None:
        raise _broken(f"row {row.id}", "it was emptied although nobody concerned has left")


def _broken(place: str, problem: str) -> _Broken:
    return _Broken(_finding(place, problem))


def _finding(place: str, problem: str) -> Finding:
    return Finding(Check.AUDIT, place, problem)
