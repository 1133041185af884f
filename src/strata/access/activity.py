"""When members were last here, as the admins of their organisation see it (product P52)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from strata.accounts.tables import users
from strata.core.call import Call
from strata.credentials.tokens.tables import tokens
from strata.sessions.entering.tables import sessions


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
