"""Whose a signature is, by the keys that people have added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from strata.accounts.mailboxes.addresses import key_of
from strata.accounts.tables import emails
from strata.core.call import Call
from strata.credentials.keys.tables import gpg_issuers, gpg_keys, ssh_keys

MOST_CLAIMS = 20  # accounts that may have added the same GPG key


@dataclass(frozen=True, slots=True)
class GpgClaim:
    """A GPG key that a signature may mean, and who has added it."""

    user_id: int
    blob: bytes
    addresses: tuple[str, ...]  # lowercase


def owner_of_ssh_key(call: Call, fingerprint: str) -> int | None:
    """Whose SSH key it is."""
    owner: int | None = call.db.scalar(
        sa.select(ssh_keys.c.user_id).where(ssh_keys.c.fingerprint == fingerprint)
    )
    return owner


def gpg_claims(call: Call, issuer: str) -> list[GpgClaim]:
    """The keys with this id: 16 hex digits, uppercase."""
    rows = call.db.execute(
        sa.select(gpg_keys.c.user_id, gpg_keys.c.blob, gpg_keys.c.addresses)
        .join(gpg_issuers, gpg_issuers.c.key_id == gpg_keys.c.id)
        .where(gpg_issuers.c.issuer == issuer)
        .order_by(gpg_keys.c.id)
        .limit(MOST_CLAIMS)
    )
    return [GpgClaim(row.user_id, row.blob, tuple(row.addresses)) for row in rows]


def has_confirmed(call: Call, user_id: int, address: str) -> bool:
    """Whether an address is a confirmed one of the account."""
    held = sa.select(emails.c.key).where(
        emails.c.user_id == user_id, emails.c.key == key_of(address)
    )
    return call.db.execute(held).first() is not None


def signers_of(call: Call, user_id: int) -> list[str]:
    """Every id by which signatures name a key of this account."""
    by_ssh = sa.select(ssh_keys.c.fingerprint).where(ssh_keys.c.user_id == user_id)
    by_gpg = (
        sa.select(gpg_issuers.c.issuer)
        .join(gpg_keys, gpg_keys.c.id == gpg_issuers.c.key_id)
        .where(gpg_keys.c.user_id == user_id)
    )
    return [*call.db.scalars(by_ssh), *call.db.scalars(by_gpg)]


@dataclass(frozen=True, slots=True)
class Held:
    """Which of some keys are still with their owners."""

    there: frozenset[tuple[str, int]]  # signer, account
    expired: frozenset[tuple[str, int]]


def held(call: Call, signers: Iterable[str]) -> Held:
    """Look some signers up at once."""
    wanted = list(signers)
    ssh = call.db.execute(
        sa.select(ssh_keys.c.fingerprint, ssh_keys.c.user_id).where(
            ssh_keys.c.fingerprint.in_(wanted)
        )
    )
    there = {(row.fingerprint, row.user_id) for row in ssh}
    gpg = call.db.execute(
        sa.select(gpg_issuers.c.issuer, gpg_keys.c.user_id, gpg_keys.c.expires_at)
        .join(gpg_keys, gpg_keys.c.id == gpg_issuers.c.key_id)
        .where(gpg_issuers.c.issuer.in_(wanted))
    ).all()
    over = {
        (row.issuer, row.user_id) for row in gpg if row.expires_at and row.expires_at <= call.now
    }
    there |= {(row.issuer, row.user_id) for row in gpg}
    return Held(frozenset(there), frozenset(over))
