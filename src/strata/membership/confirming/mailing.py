"""Send the mail that proves an address (product §3.5): a link and a code, and never too many.

An account whose address belongs to somebody else passes through the same steps and the same
limits: only the mail differs, and that goes to the owner.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import addresses, links
from strata.accounts.mailboxes.mail_domains import domain_faults
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, InvalidFields, TooMany, Unauthenticated
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.events.letters import page
from strata.membership.confirming import letters
from strata.membership.confirming.tables import verifications

PURPOSE = "signup"
LINK_LIFE = timedelta(hours=24)
CODE_LIFE = timedelta(minutes=10)


def issue(work: Work, user: people.User) -> None:
    """Send a new link and code; every older one is dead."""
    link_token, code = links.fresh(), f"{secrets.randbelow(10**6):06d}"
    _replace_older(work, user)
    work.db.execute(
        sa.insert(verifications).values(
            user_id=user.id,
            purpose=PURPOSE,
            email=user.email_key,
            base_url=work.origin.base_url,
            link_digest=link_digest(work.hub, link_token),
            code_digest=code_digest(work.hub, user.id, code),
            created_at=work.now,
            link_expires_at=work.now + LINK_LIFE,
            code_expires_at=work.now + CODE_LIFE,
        )
    )
    _post(work, user, _letter(work, user, link_token, code))


def _replace_older(work: Work, user: people.User) -> None:
    waiting = sa.and_(
        verifications.c.user_id == user.id,
        verifications.c.used_at.is_(None),
        verifications.c.replaced_at.is_(None),
    )
    work.db.execute(sa.update(verifications).where(waiting).values(replaced_at=work.now))


def _post(work: Work, user: people.User, written: outbox.Letter) -> None:
    """Send it, unless the address had all that it may have in a day.

    Strangers chose the address, each a few times: nobody's mailbox is filled by many of them.
    """
    key = f"verify.to:{_address_digest(work.hub, user.email_key)}"
    limits.note(work, key)
    most = work.hub.settings.entering.verify_mails_to_one_per_day
    if limits.counted(work, key, minutes=24 * 60) <= most:
        outbox.post(work, written)


def _letter(work: Work, user: people.User, link_token: str, code: str) -> outbox.Letter:
    # Looked for in either case: a sign-up costs the same whether somebody has the address or not.
    owner = people.owner_of_address(work, user.email_key)
    theirs = confirmed.as_typed(work, user.email_key)
    if user.address_taken and owner is not None and owner.verified_at is not None:
        # At this very address, not their primary one: what is refused there shows in either case.
        return letters.sign_up_attempt(work, people.reader(owner, theirs or user.email))
    link = page(work, f"/email_confirmation/{link_token}")
    return letters.verify(work, people.reader(user), link=link, code=code)


def resend(call: Call) -> None:
    """Send a new mail to the signed-in, unconfirmed person.

    Raises:
        Unauthenticated: nobody is signed in.
        Conflict: the address is confirmed already (`email.verified`).
        TooMany: the last one was just sent, or all that may be in six hours, or in a day.
    """
    with working(call) as work:
        user = _unverified(work)
        _require_pause(work, user)
        key, chosen = f"verify.resend:{user.id}", work.hub.settings.entering
        limits.count(
            work,
            limits.Limit(key, chosen.verify_mails_per_6_hours, 6 * 60),
            limits.Limit(key, chosen.verify_mails_per_day, 24 * 60),
        )
        issue(work, user)


def _require_pause(work: Work, user: people.User) -> None:
    last, pause_s = newest(work, user.id), work.hub.settings.entering.verify_pause_s
    passed_s = (work.now - last.created_at).total_seconds() if last is not None else pause_s
    if passed_s < pause_s:
        raise TooMany(retry_after_s=int(pause_s - passed_s) + 1)


def change_address(call: Call, email: str) -> None:
    """Give another address before the first one is confirmed; the mail goes there.

    Raises:
        Unauthenticated, Conflict: as `resend`.
        InvalidFields: `email` is no address that may join.
        TooMany: all changes of this day.
    """
    faults = addresses.faults(email, call.hub.settings) or domain_faults(call, email)
    address = addresses.parse(email)
    if faults or address is None:
        raise InvalidFields({"email": faults})
    with working(call) as work:
        user = _unverified(work)
        most = work.hub.settings.entering.verify_changes_per_day
        limits.count(work, limits.Limit(f"verify.change:{user.id}", most, 24 * 60))
        _move_to(work, user, address)
        emails = ({"email": addresses.masked(one)} for one in (user.email, address.text))
        record(work, "account.email_primary", target=user.name, detail=changes(*emails))
        moved = people.by_id(work, user.id)
        assert moved is not None, "the row was updated in this transaction"
        issue(work, moved)


def _move_to(work: Work, user: people.User, address: addresses.Address) -> None:
    # The same statements whoever has the address: it must not show in the time this takes.
    owner = people.owner_of_address(work, address.key)
    taken = owner is not None and owner.id != user.id
    change = sa.update(users).where(users.c.id == user.id)
    values = {"email": address.text, "email_key": address.key}
    try:
        with work.db.begin_nested():
            work.db.execute(change.values(**values, address_taken=taken))
    except IntegrityError:  # somebody was faster, of whom nothing may be said
        work.db.execute(change.values(**values, address_taken=True))


def _unverified(work: Work) -> people.User:
    people.locked(work, person(work).id)
    user = person(work)  # as it is now: its address may have been confirmed meanwhile
    if user.verified_at is not None:
        raise Conflict("email.verified")
    return user


def newest(call: Call, user_id: int) -> sa.Row[Any] | None:
    """The last mail that the account was sent."""
    return call.db.execute(
        sa.select(verifications)
        .where(verifications.c.user_id == user_id)
        .order_by(verifications.c.id.desc())
        .limit(1)
    ).first()


def person(call: Call) -> people.User:
    """The account that is signed in, confirmed or not.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    user = people.by_id(call, call.actor.user_id) if call.actor.user_id else None
    if user is None or call.actor.token is not None:
        raise Unauthenticated("Log in first.")
    return user


def _address_digest(hub: Hub, email_key: str) -> str:
    return hub.secrets.digest("verify.address", email_key)[:32]


def link_digest(hub: Hub, link_token: str) -> str:
    """What is kept of the token of a link."""
    return links.digest(hub, "verify.link", link_token)


def code_digest(hub: Hub, user_id: int, code: str) -> str:
    """What is kept of a code."""
    return hub.secrets.digest("verify.code", f"{user_id}:{code}")
