"""When tokens, keys and sessions were last used, and from where: gathered, then written in bulk.

A request must not write to the database only because it read. One `Uses` belongs to a serving
process; what a power cut takes with it is a minute of "last used".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.core.actor import SYSTEM, Actor
from strata.core.call import Call, Origin, Work, reading, working
from strata.core.hub import Hub
from strata.credentials.keys.tables import ssh_keys
from strata.credentials.tokens.tables import token_uses, tokens
from strata.sessions.entering.tables import sessions

FLUSH_EVERY_S = 60
SESSION_STEP = timedelta(minutes=10)  # `seen_at` moves at most this often
NOWHERE = Origin()
STEPS = 10  # and at least so often in the time that a session may rest
KEPT = 20  # uses of one token
LONGEST_CLIENT = 100  # characters


class Uses:
    """What was used since the last flush; any thread may note, one flushes."""

    def __init__(self) -> None:
        self._tokens: dict[int, _Seen] = {}
        self._sessions: dict[int, datetime] = {}
        self._keys: dict[int, datetime] = {}

    def note(self, actor: Actor, at: datetime, origin: Origin = NOWHERE) -> None:
        """Remember that the actor's token, key or session was used; a few dictionary steps."""
        if actor.token is not None:
            place = (origin.ip, origin.user_agent)
            seen = self._tokens.get(actor.token.id)
            if seen is None:
                seen = self._tokens[actor.token.id] = _Seen(at, place)
            seen.at, seen.last = at, place
            if place in seen.places or len(seen.places) < KEPT:
                seen.places[place] = at
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
            for token_id, one in sorted(used.items()):
                _mark_token(work, token_id, one)
            for key_id, at in sorted(keys.items()):
                _mark_key(work, key_id, at)
            for session_id, at in sorted(seen.items()):
                _mark_session(work, session_id, at)


def _mark_key(work: Work, key_id: int, at: datetime) -> None:
    earlier = sa.or_(ssh_keys.c.last_used_at.is_(None), ssh_keys.c.last_used_at < at)
    changed = sa.update(ssh_keys).where(ssh_keys.c.id == key_id, earlier)
    work.db.execute(changed.values(last_used_at=at))


@dataclass(slots=True)
class _Seen:
    """From where one token was used since the last flush: address and client."""

    at: datetime
    last: tuple[str, str]
    places: dict[tuple[str, str], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenUse:
    """That a token was used: of several uses from one place in a minute, the last."""

    at: datetime
    ip: str
    client: str


def uses_of(call: Call, token_ids: Iterable[int]) -> dict[int, list[TokenUse]]:
    """The last uses of tokens, the latest first."""
    rows = call.db.execute(
        sa.select(token_uses)
        .where(token_uses.c.token_id.in_(sorted(set(token_ids))))
        .order_by(token_uses.c.at.desc(), token_uses.c.id.desc())
    )
    found: dict[int, list[TokenUse]] = {}
    for row in rows:
        found.setdefault(row.token_id, []).append(TokenUse(row.at, row.ip, row.client))
    return {token_id: uses[:KEPT] for token_id, uses in found.items()}


def _mark_token(work: Work, token_id: int, seen: _Seen) -> None:
    earlier = sa.or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < seen.at)
    marked = work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id == token_id, earlier)
        .values(last_used_at=seen.at, last_used_ip=seen.last[0], last_used_by=_client(seen.last[1]))
    )
    if marked.rowcount == 0:  # deleted meanwhile, or another process knows newer ones
        return
    fresh = [
        {"token_id": token_id, "at": at, "ip": ip, "client": _client(agent)}
        for (ip, agent), at in seen.places.items()
    ]
    work.db.execute(sa.insert(token_uses), fresh)
    kept = (
        sa.select(token_uses.c.id)
        .where(token_uses.c.token_id == token_id)
        .order_by(token_uses.c.at.desc(), token_uses.c.id.desc())
        .limit(KEPT)
    )
    old = sa.and_(token_uses.c.token_id == token_id, token_uses.c.id.not_in(kept))
    work.db.execute(sa.delete(token_uses).where(old))


def _client(user_agent: str) -> str:
    """What a client calls itself, without the list of its parts: `hf_hub/2.4.0`."""
    return user_agent.partition(";")[0].strip()[:LONGEST_CLIENT]


def _mark_session(work: Work, session_id: int, at: datetime) -> None:
    row = work.db.execute(sa.select(sessions).where(sessions.c.id == session_id)).first()
    if row is None:
        return
    idle = row.idle_expires_at - row.seen_at
    if at - row.seen_at < min(SESSION_STEP, idle / STEPS):
        return
    work.db.execute(
        sa.update(sessions)
        .where(sessions.c.id == session_id)
        .values(seen_at=at, idle_expires_at=min(at + idle, row.expires_at))
    )
