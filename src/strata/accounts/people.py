"""Accounts as the room sees them, and every way to find one.

What is left of a deleted account keeps the place of an author and is none any more: it is not found
here. Lists of people read `faces`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.accounts.tables import emails, namespaces, users
from strata.core.actor import Standing
from strata.core.call import Call, Work
from strata.events.letters import Reader


@dataclass(frozen=True, slots=True)
class User:
    """One account."""

    id: int
    public_id: str  # 24 hex, `_id` on the wire
    name: str  # canonical casing
    full_name: str
    email: str
    email_key: str
    address_taken: bool  # the address belongs to another account; stay silent about it
    verified_at: datetime | None
    password_hash: str | None = field(repr=False)
    admin: bool
    language: str
    created_at: datetime
    last_login_at: datetime | None
    password_at: datetime | None
    has_factor: bool  # beside the password: an authenticator app, a passkey
    agreed: str | None  # versions of the documents, as `legal.documents.key_of` writes them
    standing: str  # a `Standing`; read it by `accounts.standing.now`
    standing_reason: str | None
    standing_until: datetime | None
    must_reset_password: bool


def reader(user: User, email: str = "") -> Reader:
    """For whom a letter to this account is written.

    Args:
        email: one of its addresses; empty: the primary one.
    """
    return Reader(email or user.email, user.name, user.language)


@dataclass(frozen=True, slots=True)
class Face:
    """What a list shows of an account."""

    id: int
    public_id: str  # 24 hex, `_id` on the wire
    name: str  # canonical casing
    full_name: str


def by_id(call: Call, user_id: int) -> User | None:
    """An account by its row; None: there is none, or none any more."""
    return _first(call, _people().where(users.c.id == user_id))


def by_name(call: Call, name: str) -> User | None:
    """An account by its name in any casing."""
    if "\0" in name:  # PostgreSQL refuses to look for it
        return None
    return _first(call, _people().where(namespaces.c.key == name.lower()))


def owner_of_address(call: Call, email_key: str) -> User | None:
    """The one account that an address belongs to: confirmed, as any of its addresses, or not.

    Both are looked for whatever the first finds: the work tells nobody whether there is one.
    """
    confirmed = sa.select(emails.c.user_id).where(emails.c.key == email_key).scalar_subquery()
    owner = _first(call, _people().where(users.c.id == confirmed))
    said = sa.and_(users.c.email_key == email_key, sa.not_(users.c.address_taken))
    claimant = _first(call, _people().where(said))
    return owner or claimant


def newest_pretender(call: Call, email_key: str) -> User | None:
    """The newest account that was opened with an address of another account."""
    pretenders = _people().where(users.c.email_key == email_key, users.c.address_taken)
    return _first(call, pretenders.order_by(users.c.id.desc()).limit(1))


def everyone(call: Call, *, limit: int = 1000, after_id: int = 0) -> list[User]:
    """Accounts in the order in which they were opened."""
    statement = _people().where(users.c.id > after_id).order_by(users.c.id).limit(limit)
    return [_user(row) for row in call.db.execute(statement)]


def site_admins(call: Call) -> list[User]:
    """Those who run the hub, as far as they can be written to and log in."""
    statement = _people().where(
        users.c.admin,
        users.c.verified_at.is_not(None),
        users.c.standing == Standing.ACTIVE.value,
    )
    return [_user(row) for row in call.db.execute(statement.order_by(users.c.id))]


def faces() -> sa.Select[Any]:
    """The statement of lists of people, which those who list them narrow and order.

    Lists that everybody reads are narrowed by `standing.is_seen`.
    """
    columns = (users.c.id, users.c.public_id, namespaces.c.name, users.c.full_name)
    return sa.select(*columns).join(namespaces, namespaces.c.id == users.c.id)


def face(row: sa.Row[Any]) -> Face:
    """The value of a row of `faces`."""
    return Face(row.id, row.public_id, row.name, row.full_name)


def locked(work: Work, user_id: int) -> None:
    """Make other transactions on this account wait; SQLite has one writer anyway."""
    work.db.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())


def everybody_locked(work: Work) -> None:
    """Make other transactions on any account wait; for what an operator does once in a while."""
    every = sa.select(users.c.id).order_by(users.c.id).with_for_update().subquery()
    work.db.execute(sa.select(sa.func.count()).select_from(every))


def latest(work: Work, user_id: int) -> User | None:
    """An account as it is once nobody else's transaction changes it; what is decided then holds."""
    locked(work, user_id)
    return by_id(work, user_id)


def is_empty(call: Call) -> bool:
    """Whether nobody has an account yet."""
    return call.db.execute(sa.select(users.c.id).limit(1)).first() is None


def _people() -> sa.Select[Any]:
    columns = [users.c[name] for name in User.__dataclass_fields__ if name != "name"]
    there = users.c.standing != Standing.DELETED.value
    named = sa.select(*columns, namespaces.c.name).where(there)
    return named.join(namespaces, namespaces.c.id == users.c.id)


def _first(call: Call, statement: sa.Select[Any]) -> User | None:
    row = call.db.execute(statement).first()
    return _user(row) if row else None


def _user(row: sa.Row[Any]) -> User:
    return User(**row._mapping)  # noqa: SLF001 — the documented way to read a Row by name
