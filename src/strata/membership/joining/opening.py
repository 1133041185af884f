"""Write a new account down, whoever opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.mailboxes import addresses
from strata.accounts.naming import names
from strata.accounts.tables import users
from strata.core.call import Work
from strata.core.names import fresh_key
from strata.lib.db.statements import upsert
from strata.membership.joining import first


@dataclass(frozen=True, slots=True)
class Row:
    """What a new account begins with."""

    name: str
    full_name: str
    address: addresses.Address
    password_hash: str | None = field(repr=False)
    language: str
    admin: bool
    similar: bool = False
    public_id: str = field(default_factory=fresh_key)


def write(work: Work, row: Row, *, verified_at: datetime | None) -> people.User:
    """Write the account; `address_taken` says whether the address was somebody else's.

    Raises:
        AlreadyExists: the name is in use.
    """
    user_id = names.claim(work, row.name, similar=row.similar)
    values = {
        "id": user_id,
        "public_id": row.public_id,
        "full_name": row.full_name or row.name,
        "email": row.address.text,
        "email_key": row.address.key,
        "verified_at": verified_at,
        "password_hash": row.password_hash,
        "password_at": work.now if row.password_hash else None,
        "admin": row.admin,
        "language": row.language,
        "created_at": work.now,
    }
    # One and the same statement whoever has the address: it must not show in the time this takes.
    taken = people.owner_of_address(work, row.address.key) is not None
    fresh = upsert(work.db, users).values(**values, address_taken=taken).on_conflict_do_nothing()
    first.forget_code(work)
    if work.db.execute(fresh.returning(users.c.id)).first() is None:  # meanwhile it was taken
        work.db.execute(sa.insert(users).values(**values, address_taken=True))
    elif verified_at is not None and not taken:
        _claim(work, user_id, row.address)
    user = people.by_id(work, user_id)
    assert user is not None, "the row was written in this transaction"
    return user


def _claim(work: Work, user_id: int, address: addresses.Address) -> None:
    """Give the address to the account, unless somebody has just proved that it is theirs."""
    if not confirmed.claim(work, user_id, email=address.text, key=address.key):
        theirs = sa.update(users).where(users.c.id == user_id)
        work.db.execute(theirs.values(address_taken=True))
