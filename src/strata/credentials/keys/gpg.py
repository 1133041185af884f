"""GPG public keys, with which people sign their commits (product §3.15)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.accounts.confirmed import emails_of, readers
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.credentials.keys import letters
from strata.credentials.keys.owner import GONE, adder, person, refused, require_room
from strata.credentials.keys.tables import gpg_issuers, gpg_keys
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.lib.keys.faults import BadKey
from strata.lib.keys.openpgp import Certificate, long_id, read_certificate


@dataclass(frozen=True, slots=True)
class Address:
    """One e-mail of a key."""

    email: str
    matches: bool  # it is a confirmed address of the account


@dataclass(frozen=True, slots=True)
class GpgKey:
    """A key as its owner's list shows it."""

    id: int
    fingerprint: str  # lowercase hex
    key_id: str  # 16 digits, uppercase
    addresses: tuple[Address, ...]
    subkeys: tuple[str, ...]  # key ids
    created_at: datetime
    expires_at: datetime | None


def add(work: Work, text: str) -> GpgKey:
    """Give the person at the browser another key.

    Args:
        text: what `gpg --armor --export` prints.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, ProofNeeded: as `owner.adder`.
        InvalidFields: the key breaks a rule (`gpg_key.…`, `key.…`).
    """
    owner = adder(work)
    try:
        certificate = read_certificate(text)
    except BadKey as bad:
        raise refused("gpg_key", bad) from bad
    require_room(work, gpg_keys, owner.id)
    key_id = _kept(work, owner.id, certificate)
    name = long_id(certificate.fingerprint)
    record(work, "key.gpg_add", target=name, detail={"fingerprint": certificate.fingerprint})
    for reader in readers(work, owner):
        outbox.post(work, letters.gpg_added(work, reader, name))
    return next(key for key in of(work, owner.id) if key.id == key_id)


def remove(work: Work, key_id: int) -> None:
    """Take a key of the person at the browser away; what it has verified stays so.

    Raises:
        Unauthenticated, Forbidden: as `owner.person`.
        NotFound: the person has no such key.
    """
    owner = person(work)
    mine = sa.and_(gpg_keys.c.id == key_id, gpg_keys.c.user_id == owner.id)
    gone = sa.delete(gpg_keys).where(mine).returning(gpg_keys.c.fingerprint)
    row = work.db.execute(gone).first()
    if row is None:
        raise NotFound(GONE)
    name = long_id(row.fingerprint)
    record(work, "key.gpg_remove", target=name, detail={"fingerprint": row.fingerprint})
    for reader in readers(work, owner):
        outbox.post(work, letters.gpg_removed(work, reader, name))


def of(call: Call, owner_id: int) -> list[GpgKey]:
    """The keys of an account, newest first."""
    rows = call.db.execute(
        sa.select(gpg_keys).where(gpg_keys.c.user_id == owner_id).order_by(gpg_keys.c.id.desc())
    )
    confirmed = {held.key for held in emails_of(call, owner_id)}
    return [_shown(row, confirmed) for row in rows]


def _shown(row: sa.Row[Any], confirmed: Collection[str]) -> GpgKey:
    return GpgKey(
        id=row.id,
        fingerprint=row.fingerprint,
        key_id=long_id(row.fingerprint),
        addresses=tuple(Address(email, email in confirmed) for email in row.addresses),
        subkeys=tuple(long_id(subkey) for subkey in row.subkeys),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _kept(work: Work, owner_id: int, certificate: Certificate) -> int:
    fresh = upsert(work.db, gpg_keys).values(
        user_id=owner_id,
        fingerprint=certificate.fingerprint,
        blob=certificate.blob,
        addresses=list(certificate.addresses),
        subkeys=list(certificate.subkeys),
        created_at=work.now,
        expires_at=certificate.expires_at,
    )
    row = work.db.execute(fresh.on_conflict_do_nothing().returning(gpg_keys.c.id)).first()
    if row is None:
        raise InvalidFields({"key": ("key.yours",)})
    issuers = {long_id(one) for one in (certificate.fingerprint, *certificate.subkeys)}
    work.db.execute(
        sa.insert(gpg_issuers), [{"issuer": one, "key_id": row.id} for one in sorted(issuers)]
    )
    key_id: int = row.id
    return key_id
