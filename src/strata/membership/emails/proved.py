"""The confirmed addresses of an account (product P08): make one the primary one, remove one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from strata.accounts import confirmed, people
from strata.accounts.mailboxes import addresses
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import Conflict, EmailNotVerified, InvalidFields, NotFound, Unauthenticated
from strata.events import outbox
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.events.letters import Reader
from strata.membership.emails import letters
from strata.membership.emails.tables import email_changes
from strata.membership.emails.withdrawing import close
from strata.sessions.entering import waiting as waiting_log_ins
from strata.sessions.passwords import reset
from strata.sessions.signed_in.sudo import require_sudo

CONFIRM_FIRST: Final = "Please confirm your email address before you add another one."
NAMED_ELSEWHERE: Final = "Somebody gave this address at the same moment. Try again."


def make_primary(work: Work, key: str) -> None:
    """Let mails go to another confirmed address.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded: as `add`.
        NotFound: the account has no such confirmed address.
        Conflict: as `put_first`.
    """
    user = signed_in(work)
    require_sudo(work)
    confirmed.lock_claimants(work, key, user.id)
    held = held_email(work, user, key)
    if key != user.email_key:
        put_first(work, user, held.email, key)


def remove(work: Work, key: str) -> None:
    """Take a confirmed address off the account; the primary one stays.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded: as `add`.
        InvalidFields: it is the primary one.
        NotFound: the account has no such address.
    """
    require_sudo(work)
    people.locked(work, work.actor.user_id or 0)
    user = signed_in(work)
    if key == user.email_key:
        raise InvalidFields({"email": ("email.is_primary",)})
    told = confirmed.readers(work, user)
    gone = confirmed.release(work, user.id, key)
    if gone is None:
        raise NotFound("This account has no such confirmed address.")
    _forget_links(work, user.id)
    # A link to confirm it once more would give it back to whoever reads it.
    again = sa.and_(email_changes.c.user_id == user.id, email_changes.c.email_key == key)
    close(work, again)
    detail = {"before": {"email": addresses.masked(gone.email)}}
    record(work, "account.email_remove", target=user.name, detail=detail)
    tell(work, told, lambda reader: letters.removed(work, reader, email=gone.email))


def held_email(call: Call, user: people.User, key: str) -> confirmed.ConfirmedEmail:
    """A confirmed address of an account.

    Raises:
        NotFound: it has no such one.
    """
    held = next((one for one in confirmed.emails_of(call, user.id) if one.key == key), None)
    if held is None:
        raise NotFound("This account has no such confirmed address.")
    return held


def signed_in(call: Call) -> people.User:
    """Who is signed in, in a session.

    Raises:
        Unauthenticated: nobody is.
        EmailNotVerified: their first address is not confirmed yet.
    """
    actor = call.actor
    user = people.by_id(call, actor.user_id or 0)
    if user is None or actor.session_id is None:
        raise Unauthenticated("Log in first.")
    if user.verified_at is None:
        raise EmailNotVerified(CONFIRM_FIRST)
    return user


def put_first(work: Work, user: people.User, email: str, key: str) -> None:
    """Let mails go to an address that is theirs, and tell those at every address.

    Who says that it is theirs is locked, with the account (`confirmed.lock_claimants`).

    Raises:
        Conflict: somebody began to sign up with it at this very moment.
    """
    told = confirmed.readers(work, user)
    # Whoever was signing up with it while it was proved was not seen then.
    confirmed.unseat(work, key, but=user.id)
    change = sa.update(users).where(users.c.id == user.id)
    try:
        with work.db.begin_nested():
            work.db.execute(change.values(email=email, email_key=key, address_taken=False))
    except IntegrityError as named:  # by a sign-up that nobody could see before
        raise Conflict(NAMED_ELSEWHERE) from named
    _forget_links(work, user.id)
    detail = changes({"email": addresses.masked(user.email)}, {"email": addresses.masked(email)})
    record(work, "account.email_primary", target=user.name, actor_id=user.id, detail=detail)
    tell(work, told, lambda reader: letters.primary_changed(work, reader, email=email))


def _forget_links(work: Work, user_id: int) -> None:
    """What was sent to the addresses as they were opens nothing any more."""
    reset.forget(work, user_id)
    waiting_log_ins.forget(work, user_id)


def tell(work: Work, readers: list[Reader], write: Callable[[Reader], outbox.Letter]) -> None:
    """Write the same to every address of an account."""
    for reader in readers:
        outbox.post(work, write(reader))
