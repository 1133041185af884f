"""Is the audit log whole? For `strata audit verify` and `strata doctor`.

Reads the whole chain in its order and reports the first row that is missing or is not what was
sealed. What a noted seal adds: that the log still leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.findings import Check, Finding
from strata.events.audit.erase import ERASING
from strata.events.audit.sealing.chain import link_of, mark_of, rows_to_bind, seal_of
from strata.events.audit.sealing.seal import Seal
from strata.events.tables import audit_seals, facts

BATCH: Final = 1000
PART: Final = 20_000  # rows that one request of a page reads, in a second or so
SEALED_WITHIN: Final = timedelta(hours=1)  # a serving hub seals every minute


@dataclass(frozen=True, slots=True)
class Reached:
    """The last row that was found in order."""

    number: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of checking a part of the log."""

    reached: Reached
    done: bool  # there is no more to check
    findings: tuple[Finding, ...] = ()


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
    part = Part(Reached(), done=False)
    while not part.done:
        part = verify_part(call, noted, part.reached)
    yield from part.findings


def verify_part(
    call: Call, noted: Seal | None = None, after: Reached = Reached(), *, most: int = PART
) -> Part:
    """Check the next rows; the last part says what is wrong, or that nothing is.

    Args:
        noted: as `verify`; the same for every part.
        after: how far the part before came.
    """
    try:
        reached, done = _check(call, noted, after, most)
    except _Broken as broken:
        return Part(after, done=True, findings=(broken.finding, *_unsealed(call)))
    return Part(reached, done, tuple(_unsealed(call)) if done else ())


def _unsealed(call: Call) -> Iterator[Finding]:
    waiting = call.db.scalar(
        sa.select(sa.func.count())
        .select_from(facts)
        .where(facts.c.chain_no.is_(None), facts.c.at < call.now - SEALED_WITHIN)
    )
    if waiting:
        yield _finding("the end", f"{waiting} rows wait to be sealed: does the hub run its jobs?")


def _check(call: Call, noted: Seal | None, after: Reached, most: int) -> tuple[Reached, bool]:
    seals = call.db.execute(sa.select(audit_seals).order_by(audit_seals.c.chain_no)).all()
    for row in seals:
        if row.mark != seal_of(call.hub, row.day, row.chain_no, row.link):
            raise _broken(f"seal of {row.day}", "it was changed")
    reached = max(_start(call, seals), after, key=lambda one: one.number)
    links = {row.chain_no: row.link for row in seals if row.chain_no >= reached.number}
    if noted is not None and noted.number >= reached.number:
        links[noted.number] = noted.link
    _require_sealed(links, reached, "the beginning")
    rows = 0
    for row in islice(_chain(call, reached.number), most):
        reached, rows = _next(call, row, reached), rows + 1
        _require_sealed(links, reached, f"row {row.id}")
    if rows == most:
        return reached, False
    if links:
        raise _broken(
            f"number {reached.number + 1}",
            f"the log ends here, and {max(links) - reached.number} sealed rows are missing",
        )
    return reached, True


def _require_sealed(links: dict[int, str], reached: Reached, place: str) -> None:
    """Insist that the log leads to what was sealed at this place, if anything was."""
    if links.pop(reached.number, reached.link) != reached.link:
        raise _broken(place, "the log was another one when this place was sealed")


def _start(call: Call, seals: Any) -> Reached:
    """Where the kept part begins: at the start of all, or after what was removed for its age."""
    removed = [row for row in seals if row.removed_at is not None]
    if not removed:
        return Reached(0, "")
    last = removed[-1]
    edge = call.now - timedelta(days=call.hub.settings.audit.retention_days)
    if last.at >= edge:
        raise _broken(f"seal of {last.day}", "rows were removed that were not old enough")
    return Reached(last.chain_no, last.link)


def _chain(call: Call, after: int) -> Iterator[sa.Row[Any]]:
    while True:
        rows = call.db.execute(
            rows_to_bind().where(facts.c.chain_no > after).order_by(facts.c.chain_no).limit(BATCH)
        ).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].chain_no


def _next(call: Call, row: sa.Row[Any], reached: Reached) -> Reached:
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
    return Reached(number, link)


def _require_reason(call: Call, row: sa.Row[Any]) -> None:
    """Personal parts go only with their person."""
    concerned = {row.actor_id, row.subject_id, row.owner_id, row.on_behalf_of} - {None}
    gone = sa.select(facts.c.id).where(facts.c.name.in_(ERASING), facts.c.subject_id.in_(concerned))
    if call.db.execute(gone.limit(1)).first() is None:
        raise _broken(f"row {row.id}", "it was emptied although nobody concerned has left")


def _broken(place: str, problem: str) -> _Broken:
    return _Broken(_finding(place, problem))


def _finding(place: str, problem: str) -> Finding:
    return Finding(Check.AUDIT, place, problem)
