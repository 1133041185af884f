"""Another password in the settings (product §3.13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.factors import halfway
from strata.accounts.passwords import current, hashing
from strata.accounts.passwords.chosen import new_password_faults
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields, Unauthenticated
from strata.events import outbox
from strata.events.facts import record
from strata.sessions.entering import waiting
from strata.sessions.signed_in import letters, sessions
from strata.sessions.signed_in.tables import resets

_WRONG: Final[dict[str, tuple[str, ...]]] = {"current_password": ("pw.wrong",)}


@dataclass(frozen=True, slots=True)
class Change:
    """The form as it was sent."""

    current: str = field(repr=False)
    password: str = field(repr=False)
    keep_others: bool = False  # sessions in other browsers


@dataclass(frozen=True, slots=True)
class Password:
    """What its owner may know of a password."""

    exists: bool
    changed_at: datetime | None  # None: not known


def password_of(call: Call, user_id: int) -> Password:
    """Whether an account has a password, and since when."""
    user = people.by_id(call, user_id)
    if user is None:
        raise Unauthenticated("Log in first.")
    return Password(user.password_hash is not None, user.password_at)


def change_password(call: Call, form: Change) -> sessions.Started:
    """Give the signed-in person another password; the session goes on under another id.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidFields: `current_password` is another one, or `password` breaks rules.
        TooMany: the current password was wrong too often.
    """
    user = _person(call)
    _require_current(call, user, form.current)
    faults = password_faults(call, user, form.password)
    if faults:
        raise InvalidFields({"password": faults})
    hashed = hashing.hash_password(call.hub, form.password)
    with working(call) as work:
        if current.still(work, user) is None:
            raise InvalidFields(_WRONG)
        keep_password(work, user, hashed)
        if not form.keep_others:
            sessions.end_all(work, user.id, but=work.actor.session_id)
        record(work, "account.password_change", target=user.name)
        for reader in confirmed.readers(work, user):
            outbox.post(work, letters.password_changed(work, reader))
        return sessions.renew(work, proved_by="password")


def password_faults(call: Call, user: people.User, password: str) -> tuple[str, ...]:
    """Message keys of the rules that a new password of this account breaks."""
    identities = (user.name, user.email.rpartition("@")[0])
    return new_password_faults(call.hub, password, identities=identities)


def keep_password(work: Work, user: people.User, hashed: str) -> None:
    """Put a new password in the place of the old one; links that were sent are dead."""
    changes = {"password_hash": hashed, "password_at": work.now, "must_reset_password": False}
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(**changes))
    work.db.execute(sa.delete(resets).where(resets.c.user_id == user.id))
    halfway.forget(work, user.id)
    waiting.forget(work, user.id)


def _person(call: Call) -> people.User:
    actor = call.actor
    user = people.by_id(call, actor.user_id or 0)
    if user is None or actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return user


def _require_current(call: Call, user: people.User, password: str) -> None:
    key, tried_at, chosen = f"password.change:{user.id}", call.now, call.hub.settings.entering
    with working(call) as work:
        limits.count(work, limits.Limit(key, chosen.proof_tries, chosen.proof_minutes))
    if not hashing.matches(call.hub, user.password_hash, password):
        raise InvalidFields(_WRONG)
    with working(call) as work:
        limits.refund(work, key, counted_at=tried_at)
