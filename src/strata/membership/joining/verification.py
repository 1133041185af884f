"""Prove that an address belongs to the person (product §3.5): by link, or by code and session.

An account whose address belongs to somebody else passes through the same steps and the same
limits: only the mail differs, and that goes to the owner. An address belongs to nobody for sure
until it is confirmed: whoever confirms it first has it, so that nobody can keep others out by
signing up with their addresses.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from strata.accounts import addresses, confirmed, limits, people
from strata.accounts.mail_domains import domain_faults
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, InvalidFields, TooMany, Unauthenticated
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.events.letters import page
from strata.membership.joining import approval, letters
from strata.membership.joining.tables import verifications

PURPOSE = "signup"
LINK_LIFE = timedelta(hours=24)
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
MOST_TO_ONE = 20  # such mails to one address in a day, however many accounts name it
RESEND_PAUSE = timedelta(seconds=60)
LONGEST_LINK_TOKEN = 128


class Outcome(StrEnum):
    """What became of a link or a code."""

    READY = "ready"  # the link is good and waits for its POST
    VERIFIED = "verified"
    ALREADY = "already"
    EXPIRED = "expired"
    WRONG = "wrong"  # the code is another one
    UNKNOWN = "unknown"


def issue(work: Work, user: people.User) -> None:
    """Send a new link and code; every older one is dead."""
    link_token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}"
    waiting = sa.and_(
        verifications.c.user_id == user.id,
        verifications.c.used_at.is_(None),
        verifications.c.replaced_at.is_(None),
    )
    work.db.execute(sa.update(verifications).where(waiting).values(replaced_at=work.now))
    work.db.execute(
        sa.insert(verifications).values(
            user_id=user.id,
            purpose=PURPOSE,
            email=user.email_key,
            base_url=work.origin.base_url,
            link_digest=_link_digest(work.hub, link_token),
            code_digest=_code_digest(work.hub, user.id, code),
            created_at=work.now,
            link_expires_at=work.now + LINK_LIFE,
            code_expires_at=work.now + CODE_LIFE,
        )
    )
    written = _letter(work, user, link_token, code)
    key = f"verify.to:{_address_digest(work.hub, user.email_key)}"
    limits.note(work, key)
    # Strangers chose the address, each a few times: nobody's mailbox is filled by many of them.
    if limits.counted(work, key, minutes=24 * 60) <= MOST_TO_ONE:
        outbox.post(work, written)


def _letter(work: Work, user: people.User, link_token: str, code: str) -> outbox.Letter:
    # Looked for in either case: a sign-up costs the same whether somebody has the address or not.
    owner = people.owner_of_address(work, user.email_key)
    if user.address_taken and owner is not None and owner.verified_at is not None:
        return letters.sign_up_attempt(work, people.reader(owner))
    link = page(work, f"/email_confirmation/{link_token}")
    return letters.verify(work, people.reader(user), link=link, code=code)


def look_at_link(call: Call, link_token: str) -> Outcome:
    """Say what a POST of the link would do; changes nothing, so mail scanners may open it."""
    row = _by_link(call, link_token)
    return Outcome.UNKNOWN if row is None else _state_of_link(call, row)


def confirm_link(work: Work, link_token: str) -> Outcome:
    """Confirm the address of a link, in whatever browser it was opened; logs nobody in."""
    row = _by_link(work, link_token)
    if row is None:
        return Outcome.UNKNOWN
    state = _state_of_link(work, row)
    return _confirm(work, row) if state is Outcome.READY else state


def confirm_code(work: Work, code: str) -> Outcome:
    """Confirm by the code in the mail; only for the signed-in person it was sent to.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    user = _person(work)
    if user.verified_at is not None:
        return Outcome.ALREADY
    row = _newest(work, user.id)
    if row is None or row.code_expires_at <= work.now or not _spend_try(work, row.id):
        return Outcome.EXPIRED
    if not secrets.compare_digest(row.code_digest, _code_digest(work.hub, user.id, code.strip())):
        return Outcome.WRONG
    return _confirm(work, row)


def confirm_by_operator(work: Work, user: people.User) -> None:
    """Take the address of an account as confirmed on the word of who runs the hub.

    Raises:
        Conflict: the address belongs to another account.
    """
    if user.verified_at is not None:
        return
    if user.address_taken:
        raise Conflict(f"Another account has the address {user.email}.")
    if not confirmed.claim(work, user.id, email=user.email, key=user.email_key):
        raise Conflict(f"Another account has the address {user.email}.")
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(verified_at=work.now))
    record(
        work,
        "account.verify_email",
        target=user.name,
        detail={"by": "operator"},
        whose=Whose(subject_id=user.id),
    )


def resend(call: Call) -> None:
    """Send a new mail to the signed-in, unconfirmed person.

    Raises:
        Unauthenticated: nobody is signed in.
        Conflict: the address is confirmed already (`email.verified`).
        TooMany: 60 s apart, 3 in 6 hours, 10 in a day.
    """
    with working(call) as work:
        user = _unverified(work)
        newest = _newest(work, user.id)
        if newest is not None and work.now - newest.created_at < RESEND_PAUSE:
            left = RESEND_PAUSE - (work.now - newest.created_at)
            raise TooMany(limits.RATE_LIMITED, retry_after_s=int(left.total_seconds()) + 1)
        key = f"verify.resend:{user.id}"
        limits.count(work, limits.Limit(key, 3, 6 * 60), limits.Limit(key, 10, 24 * 60))
        issue(work, user)


def change_address(call: Call, email: str) -> None:
    """Give another address before the first one is confirmed; the mail goes there.

    Raises:
        Unauthenticated, Conflict: as `resend`.
        InvalidFields: `email` is no address that may join.
        TooMany: three changes in a day.
    """
    faults = addresses.faults(email, call.hub.settings) or domain_faults(call, email)
    address = addresses.parse(email)
    if faults or address is None:
        raise InvalidFields({"email": faults})
    with working(call) as work:
        user = _unverified(work)
        limits.count(work, limits.Limit(f"verify.change:{user.id}", 3, 24 * 60))
        _move_to(work, user, address)
        moved = people.by_id(work, user.id)
        assert moved is not None, "the row was updated in this transaction"
        issue(work, moved)


def _move_to(work: Work, user: people.User, address: addresses.Address) -> None:
    change = sa.update(users).where(users.c.id == user.id)
    values = {"email": address.text, "email_key": address.key}
    if confirmed.owner_id(work, address.key) is not None:  # as a further one of another account
        work.db.execute(change.values(**values, address_taken=True))
        return
    try:
        with work.db.begin_nested():
            work.db.execute(change.values(**values, address_taken=False))
    except IntegrityError:  # it belongs to another account, of which nothing may be said
        work.db.execute(change.values(**values, address_taken=True))


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
    return Outcome.VERIFIED


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
        people.locked(work, owner.id)
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
    if len(link_token) > LONGEST_LINK_TOKEN:
        return None
    return call.db.execute(
        sa.select(verifications, users.c.verified_at)
        .join(users, users.c.id == verifications.c.user_id)
        .where(verifications.c.link_digest == _link_digest(call.hub, link_token))
    ).first()


def _newest(call: Call, user_id: int) -> sa.Row[Any] | None:
    return call.db.execute(
        sa.select(verifications)
        .where(verifications.c.user_id == user_id)
        .order_by(verifications.c.id.desc())
        .limit(1)
    ).first()


def _spend_try(work: Work, verification_id: int) -> bool:
    """Count a try of the code; False when all are spent."""
    counted = work.db.execute(
        sa.update(verifications)
        .where(verifications.c.id == verification_id, verifications.c.code_tries < CODE_TRIES)
        .values(code_tries=verifications.c.code_tries + 1)
    )
    return counted.rowcount == 1


def _unverified(work: Work) -> people.User:
    user = _person(work)
    people.locked(work, user.id)
    if user.verified_at is not None:
        raise Conflict("email.verified")
    return user


def _person(call: Call) -> people.User:
    user = people.by_id(call, call.actor.user_id) if call.actor.user_id else None
    if user is None or call.actor.token is not None:
        raise Unauthenticated("Log in first.")
    return user


def _address_digest(hub: Hub, email_key: str) -> str:
    return hub.secrets.digest("verify.address", email_key)[:32]


def _link_digest(hub: Hub, link_token: str) -> str:
    return hub.secrets.digest("verify.link", link_token)


def _code_digest(hub: Hub, user_id: int, code: str) -> str:
    return hub.secrets.digest("verify.code", f"{user_id}:{code}")
