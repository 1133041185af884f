"""When tokens, keys and sessions were last used, gathered in memory and written in bulk.

A request must not write to the database only because it read. One `Uses` belongs to a serving
process; what a power cut takes with it is a minute of "last used".
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.accounts.entering.tables import sessions
from strata.accounts.keys.tables import ssh_keys
from strata.accounts.tokens.tables import tokens
from strata.core.actor import SYSTEM, Actor
from strata.core.call import Work, reading, working
from strata.core.hub import Hub

FLUSH_EVERY_S = 60
SESSION_STEP = timedelta(minutes=10)  # `seen_at` moves at most this often


class Uses:
    """What was used since the last flush; any thread may note, one flushes."""

    def __init__(self) -> None:
        self._tokens: dict[int, datetime] = {}
        self._sessions: dict[int, datetime] = {}
        self._keys: dict[int, datetime] = {}

    def note(self, actor: Actor, at: datetime) -> None:
        """Remember that the actor's token, key or session was used; costs two dictionary steps."""
        if actor.token is not None:
            self._tokens[actor.token.id] = at
        elif actor.ssh_key_id is not None:
            self._keys[actor.ssh_key_id] = at
        elif actor.session_id is not None:
            self._sessions[actor.session_id] = at

    def flush(self, hub: Hub) -> None:
        """Write down what was noted; call it every `FLUSH_EVERY_S` and once at the end."""
        used, self._tokens = self._tokens, {}
        seen, self._sessions = self._sessions, {}
        keys, self._keys = self._keys, {}
        if not used and not seen and not keys:
            return
        with reading(hub, SYSTEM) as call, working(call) as work:
            for token_id, at in sorted(used.items()):
                _mark(work, tokens, token_id, at)
            for key_id, at in sorted(keys.items()):
                _mark(work, ssh_keys, key_id, at)
            for session_id, at in sorted(seen.items()):
                _mark_session(work, session_id, at)


def _mark(work: Work, table: sa.Table, used_id: int, at: datetime) -> None:
    earlier = sa.or_(table.c.last_used_at.is_(None), table.c.last_used_at < at)
    work.db.execute(sa.update(table).where(table.c.id == used_id, earlier).values(last_used_at=at))


def _mark_session(work: Work, session_id: int, at: datetime) -> None:
    row = work.db.execute(sa.select(sessions).where(sessions.c.id == session_id)).first()
    if row is None or at - row.seen_at < SESSION_STEP:
        return
    idle = row.idle_expires_at - row.seen_at
    work.db.execute(
        sa.update(sessions)
        .where(sessions.c.id == session_id)
        .values(seen_at=at, idle_expires_at=min(at + idle, row.expires_at))
    )
