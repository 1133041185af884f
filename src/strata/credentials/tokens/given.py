"""Tokens that nobody made by hand: given to an application, or to a job of a CI service."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from strata.core.actor import Grants, TokenKind, TokenRole
from strata.core.call import Work
from strata.core.permissions import kept_of
from strata.credentials.tokens.tables import tokens

LETTERS = 40  # random ones: 228 bits


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token shall be."""

    user_id: int
    name: str  # of who holds it; several may bear one name
    kind: TokenKind
    role: TokenRole
    grants: Grants
    prefix: str  # "hf_oauth_"
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """A token with its value, which is seen here and never again."""

    id: int
    value: str = field(repr=False)


def fresh(prefix: str) -> str:
    """A value that nobody can guess, of letters alone."""
    return prefix + "".join(secrets.choice(string.ascii_letters) for _ in range(LETTERS))


def give(work: Work, wanted: Wanted) -> Given:
    """Make a token for somebody; its holder is told the value."""
    value = fresh(wanted.prefix)
    row = work.db.execute(
        sa.insert(tokens)
        .values(
            user_id=wanted.user_id,
            name=wanted.name,
            name_key=f"{wanted.kind.value}:{secrets.token_hex(12)}",  # several bear one name
            role=wanted.role.value,
            kind=wanted.kind.value,
            grants=kept_of(wanted.grants),
            digest=work.hub.secrets.digest("token", value),
            prefix=wanted.prefix,
            suffix=value[-4:],
            created_at=work.now,
            expires_at=wanted.expires_at,
        )
        .returning(tokens.c.id)
    ).one()
    return Given(row.id, value)
