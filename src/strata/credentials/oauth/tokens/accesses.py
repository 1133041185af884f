"""What an access token of an application was given, with the others of its log-in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from strata.core.call import Call
from strata.credentials.oauth.tables import oauth_accesses, oauth_families


def held_with(call: Call, token_id: int) -> list[int]:
    """The access tokens of the same log-in of an application, the newest first; else the token."""
    family = sa.select(oauth_accesses.c.family_id).where(oauth_accesses.c.token_id == token_id)
    statement = sa.select(oauth_accesses.c.token_id).where(
        oauth_accesses.c.family_id == family.scalar_subquery()
    )
    return list(call.db.scalars(statement.order_by(oauth_accesses.c.token_id.desc()))) or [token_id]


def scopes_of(call: Call, token_id: int) -> tuple[str, ...]:
    """What an access token of an application has: its own, of those that its log-in has still."""
    row = _log_in(call, token_id)
    if row is None:
        return ()
    held = tuple(row.scopes.split())
    own = held if row.own is None else row.own.split()
    return tuple(scope for scope in held if scope in own)


def organizations_of(call: Call, token_id: int) -> tuple[int, ...]:
    """The ids of the organisations that its person chose for it."""
    row = _log_in(call, token_id)
    return () if row is None else tuple(row.organizations)


def _log_in(call: Call, token_id: int) -> sa.Row[Any] | None:
    """The log-in of an access token; `own` are the scopes of the token itself."""
    families, own = oauth_families.c, oauth_accesses.c.scopes.label("own")
    columns: list[sa.ColumnElement[Any]] = [families.scopes, families.organizations, own]
    return call.db.execute(
        sa.select(*columns)
        .select_from(oauth_families)
        .join(oauth_accesses, oauth_accesses.c.family_id == oauth_families.c.id)
        .where(oauth_accesses.c.token_id == token_id)
    ).first()
