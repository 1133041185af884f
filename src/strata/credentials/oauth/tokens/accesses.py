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
    """What an access token of an application was given."""
    return _of_token(call, token_id, oauth_families.c.scopes, str.split)


def organizations_of(call: Call, token_id: int) -> tuple[int, ...]:
    """The ids of the organisations that its person chose for it."""
    return _of_token(call, token_id, oauth_families.c.organizations, list)


def _of_token(call: Call, token_id: int, column: Any, read: Any) -> tuple[Any, ...]:
    kept = call.db.scalar(
        sa.select(column)
        .select_from(oauth_families)
        .join(oauth_accesses, oauth_accesses.c.family_id == oauth_families.c.id)
        .where(oauth_accesses.c.token_id == token_id)
    )
    return () if kept is None else tuple(read(kept))
