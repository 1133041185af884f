"""Further addresses of one account (product P08, §3.1): added by the link in a mail.

A new address counts when its link was opened; until then the old ones stay as they are. Whoever
enters the address of another account sees what everybody sees, and its owner gets a mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import addresses, links
from strata.accounts.mailboxes.mail_domains import domain_faults
from strata.accounts.tables import emails
from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields
from strata.events import outbox
from strata.events.facts import record
from strata.events.letters import Reader, page
from strata.membership.emails import letters
from strata.membership.emails.proved import held_email, put_first, signed_in, tell
from strata.membership.emails.tables import email_changes
from strata.membership.emails.withdrawing import close
from strata.sessions.signed_in.sudo import require_sudo

MOST: Final = 10  # addresses of one account, waiting ones included
ADDED_PER_DAY: Final = 10
ADDED_LIFE: Final = timedelta(hours=6)
PRIMARY_LIFE: Final = timedelta(hours=1)
_PURPOSE: Final = "emails.link"


class Outcome(StrEnum):
    """What became of a link."""

    READY = "ready"
    CONFIRMED = "confirmed"
    ALREADY = "already"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An address whose link was not opened yet."""

    id: int
    email: str
    primary: bool  # it becomes the primary one
    expires_at: datetime


def ask(call: Call, email: str, *, primary: bool) -> None:
    """`add`, after a look at whether mail arrives there at all, if the operator wants one.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded, InvalidFields: as `add`.
        TooMany: as `add`, or one address had too many domains looked up.
    """
    signed_in(call)
    require_sudo(call)
    faults = addresses.faults(email, call.hub.settings) or domain_faults(call, email)
    if faults:
        raise InvalidFields({"email": faults})
    with working(call) as work:
        add(work, email, primary=primary)


def add(work: Work, email: str, *, primary: bool) -> None:
    """Send a link to a further address of the signed-in person, and tell them where they are now.

    A stolen session may be what asks: its owner hears of it while the link can still be stopped.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded: who asks must be sure.
        InvalidFields: `email` is none, may not join, is there already, or there are too many.
        TooMany: ten in a day.
    """
    user = signed_in(work)
    address = _require_addable(work, user, email)
    _send_link(work, user, address, primary=primary)
    detail = {"after": {"email": addresses.masked(address.text)}}
    record(work, "account.email_add_request", target=user.name, detail=detail)
    hours = _hours(PRIMARY_LIFE if primary else ADDED_LIFE)
    told = confirmed.readers(work, user)
    tell(work, told, lambda one: letters.wanted(work, one, email=address.text, hours=hours))


def confirm_again(work: Work, key: str) -> None:
    """Send a link to a confirmed address at which mail does not arrive; opening it ends that.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded: as `add`.
        NotFound: the account has no such confirmed address.
        TooMany: ten in a day.
    """
    user = signed_in(work)
    require_sudo(work)
    address = addresses.parse(held_email(work, user, key).email)
    assert address is not None, "it was parsed when it was added"
    _send_link(work, user, address, primary=False)


def _send_link(work: Work, user: people.User, address: addresses.Address, *, primary: bool) -> None:
    limits.count(work, limits.Limit(f"emails.add:{user.id}", ADDED_PER_DAY, 24 * 60))
    _withdraw(work, user.id, email_changes.c.email_key == address.key)
    link = links.fresh()
    life = PRIMARY_LIFE if primary else ADDED_LIFE
    work.db.execute(
        sa.insert(email_changes).values(
            user_id=user.id,
            email=address.text,
            email_key=address.key,
            primary=primary,
            link_digest=links.digest(work.hub, _PURPOSE, link),
            created_at=work.now,
            expires_at=work.now + life,
        )
    )
    outbox.post(work, _letter(work, user, address, link, life))


def waiting(call: Call, user_id: int) -> list[Waiting]:
    """The addresses that wait for their confirmation, the oldest first."""
    # One that is confirmed already only shows again that its mail arrives.
    held = sa.select(emails.c.key).where(emails.c.user_id == user_id)
    rows = call.db.execute(
        sa.select(*(email_changes.c[name] for name in Waiting.__dataclass_fields__))
        .where(email_changes.c.user_id == user_id, *_open(call))
        .where(email_changes.c.email_key.not_in(held))
        .order_by(email_changes.c.id)
    )
    return [Waiting(*row) for row in rows]


def withdraw(work: Work, change_id: int) -> None:
    """Let an address that waits wait no longer; its link is dead."""
    user = signed_in(work)
    _withdraw(work, user.id, email_changes.c.id == change_id)


def look(call: Call, link: str) -> Outcome:
    """Say what a POST of the link would do; changes nothing."""
    row = _by_link(call, link)
    return Outcome.UNKNOWN if row is None else _state(call, row)


def confirm(work: Work, link: str) -> Outcome:
    """Take the address of a link as proved, in whatever browser it was opened; logs nobody in."""
    row = _by_link(work, link)
    if row is None:
        return Outcome.UNKNOWN
    # Whoever takes the account back waits, or did so.
    confirmed.lock_claimants(work, row.email_key, row.user_id)
    row = _by_link(work, link) or row
    state = _state(work, row)
    return _confirmed(work, row) if state is Outcome.READY else state


def _require_addable(work: Work, user: people.User, email: str) -> addresses.Address:
    require_sudo(work)
    people.locked(work, user.id)
    address = addresses.parse(email)
    faults = addresses.faults(email, work.hub.settings)
    if faults or address is None:
        raise InvalidFields({"email": faults})
    held = confirmed.emails_of(work, user.id)
    if any(one.key == address.key for one in held):
        raise InvalidFields({"email": ("email.yours",)})
    others = [one for one in waiting(work, user.id) if addresses.key_of(one.email) != address.key]
    if len(held) + len(others) >= MOST:
        raise InvalidFields({"email": ("email.too_many",)})
    return address


def _letter(
    work: Work, user: people.User, address: addresses.Address, link: str, life: timedelta
) -> outbox.Letter:
    owner = people.owner_of_address(work, address.key)
    if owner is not None and owner.id != user.id and owner.verified_at is not None:
        reader = Reader(address.text, owner.name, owner.language)
        return letters.wanted_elsewhere(work, reader)
    reader = Reader(address.text, user.name, user.language)
    where = page(work, f"/settings/emails/confirm/{link}")
    return letters.confirm(work, reader, link=where, hours=_hours(life))


def _hours(life: timedelta) -> int:
    return int(life.total_seconds()) // 3600


def _confirmed(work: Work, row: sa.Row[Any]) -> Outcome:
    """Use the link up and give the address to the account, once."""
    unused = sa.and_(
        email_changes.c.id == row.id,
        email_changes.c.used_at.is_(None),
        email_changes.c.replaced_at.is_(None),
    )
    used = work.db.execute(sa.update(email_changes).where(unused).values(used_at=work.now))
    user = people.by_id(work, row.user_id)
    if used.rowcount == 0 or user is None:
        return Outcome.ALREADY
    told = confirmed.readers(work, user)
    was_theirs = confirmed.owner_id(work, row.email_key) == user.id
    if not confirmed.claim(work, user.id, email=row.email, key=row.email_key):
        return Outcome.UNKNOWN
    if was_theirs:  # `confirm_again`
        return Outcome.CONFIRMED
    detail = {"after": {"email": addresses.masked(row.email)}}
    record(work, "account.email_add", target=user.name, actor_id=user.id, detail=detail)
    tell(work, told, lambda reader: letters.added(work, reader, email=row.email))
    if row.primary:
        put_first(work, user, row.email, row.email_key)
    return Outcome.CONFIRMED


def _withdraw(work: Work, user_id: int, which: sa.ColumnElement[bool]) -> None:
    close(work, sa.and_(email_changes.c.user_id == user_id, which))


def _open(call: Call) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        email_changes.c.used_at.is_(None),
        email_changes.c.replaced_at.is_(None),
        email_changes.c.expires_at > call.now,
    )


def _state(call: Call, row: sa.Row[Any]) -> Outcome:
    if row.used_at is not None:
        return Outcome.ALREADY
    if row.replaced_at is not None or row.expires_at <= call.now:
        return Outcome.EXPIRED
    return Outcome.READY


def _by_link(call: Call, link: str) -> sa.Row[Any] | None:
    digest = links.digest(call.hub, _PURPOSE, link)
    found = sa.select(email_changes).where(email_changes.c.link_digest == digest)
    return call.db.execute(found).first()
