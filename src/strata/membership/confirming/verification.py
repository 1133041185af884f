"""Prove that an address belongs to the person (product §3.5): by link, or by code and session.

An address belongs to nobody for sure until it is confirmed: whoever confirms it first has it, so
that nobody can keep others out by signing up with their addresses.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import Conflict
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.membership.confirming import approval, letters
from strata.membership.confirming.mailing import code_digest, link_digest, newest, person
from strata.membership.confirming.tables import verifications

CODE_TRIES = 5


class Outcome(StrEnum):
    """What became of a link or a code."""

    READY = "ready"  # the link is good and waits for its POST
    VERIFIED = "verified"
    HELD = "held"  # the same, and those who run the hub have yet to let the account in
    ALREADY = "already"
    EXPIRED = "expired"
    WRONG = "wrong"  # the code is another one
    UNKNOWN = "unknown"


def look_at_link(call: Call, link_token: str) -> Outcome:
    """Say what a POST of the link would do; changes nothing, so mail scanners may open it."""
    row = _by_link(call, link_token)
    return Outcome.UNKNOWN if row is None else _state_of_link(call, row)


def confirm_link(work: Work, link_token: str) -> Outcome:
    """Confirm the address of a link, in whatever browser it was opened; logs nobody in."""
    seen = _by_link(work, link_token)
    if seen is not None:
        confirmed.lock_claimants(work, seen.email, seen.user_id)
    row = _by_link(work, link_token)  # as it is now
    if row is None:
        return Outcome.UNKNOWN
    state = _state_of_link(work, row)
    return _confirm(work, row) if state is Outcome.READY else state


def confirm_code(work: Work, code: str) -> Outcome:
    """Confirm by the code in the mail; only for the signed-in person it was sent to.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    seen = person(work)
    confirmed.lock_claimants(work, seen.email_key, seen.id)
    user = person(work)  # as it is now
    if user.verified_at is not None:
        return Outcome.ALREADY
    row = newest(work, user.id)
    if row is None or row.code_expires_at <= work.now or not _spend_try(work, row.id):
        return Outcome.EXPIRED
    if not secrets.compare_digest(row.code_digest, code_digest(work.hub, user.id, code.strip())):
        return Outcome.WRONG
    return _confirm(work, row)


def confirm_by_operator(work: Work, user: people.User) -> None:
    """Take the address of an account as confirmed on the word of who runs the hub.

    Args:
        user: as the operator has seen it.

    Raises:
        Conflict: the address belongs to another account, or is another one by now.
    """
    confirmed.lock_claimants(work, user.email_key, user.id)
    there = people.by_id(work, user.id)
    if there is None or there.email_key != user.email_key:
        raise Conflict(f"{user.name} has just given another address, or is gone. Look again.")
    if there.verified_at is not None:
        return
    taken = there.address_taken
    if taken or not confirmed.claim(work, user.id, email=there.email, key=there.email_key):
        raise Conflict(f"Another account has the address {there.email}.")
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(verified_at=work.now))
    record(
        work,
        "account.verify_email",
        target=user.name,
        detail={"by": "operator"},
        whose=Whose(subject_id=user.id),
    )
    if approval.is_waiting(work, user.id):
        approval.ask_for(work, there)


def _confirm(work: Work, row: sa.Row[Any]) -> Outcome:
    """Use the row up and confirm the account, once."""
    unused = sa.and_(verifications.c.id == row.id, verifications.c.used_at.is_(None))
    used = work.db.execute(sa.update(verifications).where(unused).values(used_at=work.now))
    if used.rowcount == 0:
        return Outcome.ALREADY
    _release(work, row)
    made = work.db.execute(
        sa.update(users)
        .where(
            users.c.id == row.user_id,
            users.c.email_key == row.email,
            users.c.verified_at.is_(None),
            sa.not_(users.c.address_taken),
        )
        .values(verified_at=work.now)
    )
    user = people.by_id(work, row.user_id)
    if made.rowcount == 0 or user is None:
        return Outcome.UNKNOWN
    if not confirmed.claim(work, user.id, email=user.email, key=user.email_key):
        lost = {"verified_at": None, "address_taken": True}
        work.db.execute(sa.update(users).where(users.c.id == user.id).values(**lost))
        return Outcome.UNKNOWN
    record(work, "account.verify_email", target=user.name, actor_id=user.id)
    greet(work, user)
    return Outcome.HELD if approval.is_waiting(work, user.id) else Outcome.VERIFIED


def greet(work: Work, user: people.User) -> None:
    """Welcome an account that is confirmed now, or ask for its approval first."""
    if approval.is_waiting(work, user.id):
        approval.ask_for(work, user)
    else:
        outbox.post(work, letters.welcome(work, people.reader(user)))


def _release(work: Work, row: sa.Row[Any]) -> None:
    """Give the address to whoever proves that it is theirs, unless its account proved so before."""
    owner = people.owner_of_address(work, row.email)
    if owner is not None and owner.id != row.user_id:
        held = sa.and_(
            users.c.id == owner.id, users.c.verified_at.is_(None), sa.not_(users.c.address_taken)
        )
        lost = work.db.execute(sa.update(users).where(held).values(address_taken=True))
        if lost.rowcount == 0:
            return
    mine = sa.and_(
        users.c.id == row.user_id, users.c.email_key == row.email, users.c.verified_at.is_(None)
    )
    work.db.execute(sa.update(users).where(mine).values(address_taken=False))


def _state_of_link(call: Call, row: sa.Row[Any]) -> Outcome:
    if row.used_at is not None or row.verified_at is not None:
        return Outcome.ALREADY
    if row.replaced_at is not None or row.link_expires_at <= call.now:
        return Outcome.EXPIRED
    return Outcome.READY


def _by_link(call: Call, link_token: str) -> sa.Row[Any] | None:
    return call.db.execute(
        sa.select(verifications, users.c.verified_at)
        .join(users, users.c.id == verifications.c.user_id)
        .where(verifications.c.link_digest == link_digest(call.hub, link_token))
    ).first()


def _spend_try(work: Work, verification_id: int) -> bool:
    """Count a try of the code; False when all are spent."""
    counted = work.db.execute(
        sa.update(verifications)
        .where(verifications.c.id == verification_id, verifications.c.code_tries < CODE_TRIES)
        .values(code_tries=verifications.c.code_tries + 1)
    )
    return counted.rowcount == 1
