"""Who belongs to which organisation, as others see it; when they were last here, as admins do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from strata.access.policy.seeing import shows_members
from strata.accounts.tables import namespaces, users
from strata.core.call import Call
from strata.credentials.tokens.tables import tokens
from strata.organizations.tables import memberships, organizations
from strata.sessions.signed_in.tables import sessions


def last_active(call: Call, user_ids: Iterable[int]) -> Mapping[int, datetime]:
    """By the account: its last log-in, page or use of a token; nothing for who never was here.

    Sessions are noted at most every ten minutes, uses of tokens every minute.
    """
    wanted = sorted(user_ids)
    found: dict[int, datetime] = {}
    for who, moment in (
        (users.c.id, users.c.last_login_at),
        (sessions.c.user_id, sa.func.max(sessions.c.seen_at)),
        (tokens.c.user_id, sa.func.max(tokens.c.last_used_at)),
    ):
        statement = sa.select(who, moment).where(who.in_(wanted))
        if who is not users.c.id:
            statement = statement.group_by(who)
        for user_id, at in call.db.execute(statement):
            if at is not None and (user_id not in found or at > found[user_id]):
                found[user_id] = at
    return found


def organizations_of(call: Call, user_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The names of the organisations that people belong to, as far as the caller may know."""
    rows = call.db.execute(
        sa.select(memberships.c.user_id, namespaces.c.name)
        .join(namespaces, namespaces.c.id == memberships.c.organization_id)
        .join(organizations, organizations.c.id == memberships.c.organization_id)
        .where(
            memberships.c.user_id.in_(list(user_ids)),
            shows_members(
                call.actor, hidden=organizations.c.members_hidden, key=organizations.c.id
            ),
        )
        .order_by(namespaces.c.key)
    )
    found: dict[int, tuple[str, ...]] = {}
    for user_id, name in rows:
        found[user_id] = (*found.get(user_id, ()), name)
    return found
