"""The access tokens that somebody made by hand, as their owner sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.accounts.plans.quotas import quotas_of, require_few
from strata.core.actor import Actor, TokenKind, TokenRole
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, Unauthenticated
from strata.credentials.tokens.tables import tokens

MADE_BY_HAND = tokens.c.kind == TokenKind.ACCESS.value


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner's list shows it."""

    id: int
    name: str
    role: TokenRole
    grants: Mapping[str, object] | None  # as `core.permissions.grants_of` reads them
    prefix: str  # "hf_aBcD"
    suffix: str  # "wXyZ"
    created_at: datetime
    rotated_at: datetime | None
    former_until: datetime | None  # until then the value before works too
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str
    last_used_by: str  # the client's name
    leaked_at: datetime | None  # since then it opens nothing
    leaked_in: str  # where it was seen; empty: somebody reported it
    session_id: int | None  # the browser session in which it was made, over or not


def of(call: Call, owner_id: int) -> list[Token]:
    """The tokens of an account, newest first."""
    rows = call.db.execute(
        sa.select(*(tokens.c[name] for name in Token.__dataclass_fields__))
        .where(tokens.c.user_id == owner_id, MADE_BY_HAND)
        .order_by(tokens.c.id.desc())
    )
    return [Token(**{**row._mapping, "role": TokenRole(row.role)}) for row in rows]  # noqa: SLF001 — the documented way to read a Row by name


def owner_id(call: Call, token_id: int) -> int:
    """Whose token it is, of any kind; 0: there is none."""
    return call.db.scalar(sa.select(tokens.c.user_id).where(tokens.c.id == token_id)) or 0


def held(work: Work, token_ids: Iterable[int]) -> list[int]:
    """Those of some tokens that there are, which nobody deletes until this transaction ends."""
    there = sa.select(tokens.c.id).where(tokens.c.id.in_(sorted(token_ids))).order_by(tokens.c.id)
    return list(work.db.scalars(there.with_for_update(read=True, key_share=True)))


def require_room(work: Work, owner_id: int, field: str) -> None:
    """Insist that one more token of a person may work; their row is locked.

    Args:
        field: of the form, beside which the refusal is told.

    Raises:
        InvalidFields: `token.too_many`.
    """
    has = count_active(work, owner_id)
    require_few(quotas_of(work, owner_id).tokens, has, field, "token.too_many")


def count_active(call: Call, owner_id: int) -> int:
    """How many tokens of a person work; those of applications are not theirs to count."""
    active = (tokens.c.user_id == owner_id, MADE_BY_HAND, works(call))
    return call.db.scalar(sa.select(sa.func.count()).select_from(tokens).where(*active)) or 0


def works(call: Call) -> sa.ColumnElement[bool]:
    """Whether a token opens anything: it neither leaked nor is over."""
    lasts = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > call.now)
    return sa.and_(tokens.c.leaked_at.is_(None), lasts)


def require_session(actor: Actor) -> None:
    """Insist on somebody at a browser: tokens neither make nor end the tokens of a person.

    Raises:
        Unauthenticated: nobody.
        Forbidden: a token.
    """
    if actor.user_id is None:
        raise Unauthenticated("Invalid username or password.")
    if actor.token is not None:
        raise Forbidden("Access tokens are managed on the settings page, not with a token.")
