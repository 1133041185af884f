"""Whose a confirmed address is: one account's, whichever was first to prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.accounts.people import User
from strata.accounts.plans.rules import settle_domains
from strata.accounts.tables import emails, users
from strata.core.call import Call, Work
from strata.events.letters import Reader
from strata.events.mails import troubles
from strata.events.mails.troubles import Trouble
from strata.lib.db.statements import upsert
from strata.lib.mail.message import address_key


@dataclass(frozen=True, slots=True)
class ConfirmedEmail:
    """One confirmed address of an account."""

    key: str  # equal for equal addresses
    email: str  # as typed
    confirmed_at: datetime


def claim(work: Work, user_id: int, *, email: str, key: str) -> bool:
    """Give an address that was just proved to an account; False when another one has it.

    Accounts that only said that it is theirs look from now on like any that waits for its
    confirmation, and can never get it.
    """
    lock_claimants(work, key, user_id)
    fresh = upsert(work.db, emails).values(
        key=key, user_id=user_id, email=email, confirmed_at=work.now
    )
    work.db.execute(fresh.on_conflict_do_nothing())
    if owner_id(work, key) != user_id:
        return False
    unseat(work, key, but=user_id)
    settle_domains(work, user_id)
    troubles.clear(work, key)  # a mail has just been read there
    return True


def displace(work: Work, key: str) -> None:
    """Take an address that somebody proves from accounts that only said that it is theirs."""
    lock_claimants(work, key)
    unseat(work, key)


def lock_claimants(work: Work, key: str, user_id: int = 0) -> None:
    """Make the others wait who say that an address is theirs, and whoever changes the account.

    In one order, before any other row, so that nobody waits for each other.
    """
    say_so = sa.and_(users.c.email_key == key, users.c.verified_at.is_(None))
    theirs = sa.select(users.c.id).where(sa.or_(users.c.id == user_id, say_so))
    work.db.execute(theirs.order_by(users.c.id).with_for_update())


def unseat(work: Work, key: str, *, but: int = 0) -> None:
    """Have the others look as if they waited who only said that an address is theirs."""
    pretended = sa.and_(users.c.email_key == key, users.c.id != but, users.c.verified_at.is_(None))
    work.db.execute(sa.update(users).where(pretended).values(address_taken=True))


def release(work: Work, user_id: int, key: str) -> ConfirmedEmail | None:
    """Take an address from an account; None when it had no such one."""
    row = work.db.execute(
        sa.delete(emails)
        .where(emails.c.key == key, emails.c.user_id == user_id)
        .returning(emails.c.key, emails.c.email, emails.c.confirmed_at)
    ).first()
    settle_domains(work, user_id)
    return ConfirmedEmail(*row) if row else None


def owner_id(call: Call, key: str) -> int | None:
    """Which account a confirmed address belongs to."""
    owner: int | None = call.db.scalar(sa.select(emails.c.user_id).where(emails.c.key == key))
    return owner


def as_typed(call: Call, key: str) -> str | None:
    """A confirmed address as its owner typed it; None: nobody has it."""
    typed: str | None = call.db.scalar(sa.select(emails.c.email).where(emails.c.key == key))
    return typed


def emails_of(call: Call, user_id: int) -> list[ConfirmedEmail]:
    """The confirmed addresses of an account, the oldest first."""
    rows = call.db.execute(
        sa.select(emails.c.key, emails.c.email, emails.c.confirmed_at)
        .where(emails.c.user_id == user_id)
        .order_by(emails.c.confirmed_at, emails.c.key)
    )
    return [ConfirmedEmail(*row) for row in rows]


def readers(call: Call, user: User) -> list[Reader]:
    """Everywhere where an account is told what concerns its safety."""
    return [Reader(held.email, user.name, user.language) for held in emails_of(call, user.id)]


def trouble_with(call: Call, email: str, *, since: datetime) -> Trouble | None:
    """What is wrong with an address for somebody who has it since then; one indexed lookup.

    What happened to it before says something about its former owner.
    """
    key = address_key(email)
    found = troubles.troubles(call, [key]).get(key)
    return found if found is not None and found.at >= since else None
