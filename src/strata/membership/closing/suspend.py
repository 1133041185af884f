"""Close an account and open it again, and demand another password of it (product §3.1).

The rights of operators alone: doors ask before they call. What the account published is withheld or
stays, as the one who closes it chooses; the rooms that hold it listen to the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, people, standing as standings
from strata.accounts.profile import clocks
from strata.accounts.tables import users
from strata.core.actor import Standing
from strata.core.call import Work
from strata.core.errors import Conflict, Malformed
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.membership.closing import letters
from strata.membership.closing.facts import HIDDEN, RESET, RESTORED, SUSPENDED
from strata.sessions.passwords import reset
from strata.sessions.signed_in import sessions

LONGEST_REASON: Final = 500
AT_ONCE: Final = 500  # accounts in one transaction


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why, and for how long."""

    reason: str  # told to the person
    until: datetime | None = None  # None: until somebody restores it
    hide_content: bool = False


def suspend(work: Work, user: people.User, wanted: Suspension) -> None:
    """Close an account at once: its sessions end, its tokens open nothing.

    Raises:
        Malformed: without a reason, or over before it begins.
        Conflict: the account is suspended, about to be deleted, or was never let in.
    """
    reason = wanted.reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Malformed(f"Give a reason of 1 to {LONGEST_REASON} characters; the person reads it.")
    if wanted.until is not None and wanted.until <= work.now:
        raise Malformed("A suspension cannot end before it begins.")
    _move(work, user, Standing.SUSPENDED, reason=reason, until=wanted.until)
    sessions.end_all(work, user.id)
    detail = {
        "reason": reason,
        "until": None if wanted.until is None else wanted.until.isoformat(),
        "content": HIDDEN if wanted.hide_content else "kept",
    }
    record(work, SUSPENDED, target=user.name, detail=detail, whose=Whose(subject_id=user.id))
    for reader in confirmed.readers(work, user):
        end = wanted.until
        until = "" if end is None else clocks.day(work, user.id, end, reader.language)
        outbox.post(work, letters.suspended(work, reader, reason=reason, until=until))


def restore(work: Work, user: people.User) -> None:
    """Open a suspended account again.

    Args:
        user: as the operator has seen it.

    Raises:
        Conflict: it is not suspended, or was suspended once more after that.
    """
    there = people.latest(work, user.id)
    if there is None or there.standing != Standing.SUSPENDED:
        raise Conflict(f"{user.name} is not suspended.")
    if _suspension(there) != _suspension(user):
        raise Conflict(f"{user.name} was suspended at this moment. Look why before you restore it.")
    _open(work, there)


def end_suspensions(work: Work) -> None:
    """Open the accounts whose suspension is over."""
    over = sa.select(users.c.id).where(
        users.c.standing == Standing.SUSPENDED.value, users.c.standing_until <= work.now
    )
    for user_id in work.db.scalars(over.order_by(users.c.id).limit(AT_ONCE)).all():
        people.locked(work, user_id)
        # Meanwhile an operator may have closed it once more, or its person wants it deleted.
        still = work.db.scalar(over.where(users.c.id == user_id))
        user = people.by_id(work, user_id) if still else None
        if user is not None:
            _open(work, user)


def demand_password(work: Work, user: people.User) -> None:
    """Let the password open nothing until another one was chosen; tokens keep working.

    The link to choose it goes to every confirmed address.

    Raises:
        Conflict: the account is not confirmed, so that no link would reach its person.
    """
    people.locked(work, user.id)  # an address may be removed at this moment
    held = confirmed.emails_of(work, user.id)
    if not held:
        raise Conflict(f"{user.name} has no confirmed address, so no link would reach them.")
    mine = sa.update(users).where(users.c.id == user.id)
    work.db.execute(mine.values(must_reset_password=True))
    sessions.end_all(work, user.id)
    record(work, RESET, target=user.name, whose=Whose(subject_id=user.id))
    reset.send(work, user, [one.email for one in held])


def _suspension(user: people.User) -> tuple[object, ...]:
    return user.standing, user.standing_reason, user.standing_until


def _open(work: Work, user: people.User) -> None:
    mine = sa.update(users).where(users.c.id == user.id)
    opened = {"standing": Standing.ACTIVE.value, "standing_reason": None, "standing_until": None}
    work.db.execute(mine.values(**opened))
    record(work, RESTORED, target=user.name, whose=Whose(subject_id=user.id))
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.restored(work, reader))


def _move(
    work: Work, user: people.User, to: Standing, *, reason: str | None, until: datetime | None
) -> None:
    there = people.latest(work, user.id)
    stands = None if there is None else standings.now(work, there)
    if stands is Standing.PENDING:  # the end of a suspension would let it in, never approved
        raise Conflict(f"{user.name} waits for approval: `strata user reject` removes it.")
    if stands is not Standing.ACTIVE:
        raise Conflict(f"{user.name} is suspended already, or about to be deleted.")
    moved = {"standing": to.value, "standing_reason": reason, "standing_until": until}
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(**moved))
