"""What this room holds of a person."""

from __future__ import annotations

from typing import Final

from strata.core.personal import Kept, Part, Personal, rows_of
from strata.sessions.identities.tables import identities
from strata.sessions.signed_in.tables import known_browsers, resets, sessions, waiting_log_ins

PERSONAL: Final = Personal(
    kept=(
        Kept(sessions.c.user_id, "delete"),
        Kept(known_browsers.c.user_id, "delete"),
        Kept(resets.c.user_id, "delete"),
        Kept(waiting_log_ins.c.user_id, "delete"),
        Kept(identities.c.user_id, "delete"),
    ),
    parts=(
        Part(
            "sessions",
            rows_of(
                sessions.c.user_id,
                sessions.c.created_at,
                sessions.c.seen_at,
                sessions.c.expires_at,
                sessions.c.ip,
                sessions.c.user_agent,
            ),
        ),
        Part(
            "logins-elsewhere",
            rows_of(
                identities.c.user_id,
                identities.c.provider,
                identities.c.shown,
                identities.c.created_at,
                identities.c.last_used_at,
            ),
        ),
    ),
)
