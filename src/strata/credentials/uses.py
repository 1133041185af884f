"""When tokens, keys and sessions were last used, and from where: gathered, then written in bulk.

A request must not write to the database only because it read. One `Uses` belongs to a serving
process; what a power cut takes with it is a minute of "last used". Of several processes one writes
what a token's row says in a minute, and the others what they know more in the next (product §3.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.core.actor import SYSTEM, Actor
from strata.core.call import Call, Origin, Work, reading, working
from strata.core.hub import Hub
from strata.credentials.keys.tables import ssh_keys
from strata.credentials.tokens.tables import token_uses, tokens
from strata.lib.db.columns import Moment
from strata.sessions.signed_in.tables import sessions

FLUSH_EVERY_S = 60
TOKEN_STEP = timedelta(minutes=1)  # a token's row is written at most this often, by all processes
HELD_FOR = 5 * TOKEN_STEP  # of a token that was deleted meanwhile nothing is ever written
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
            early = {
                token_id: one
                for token_id, one in sorted(used.items())
                if not _mark_token(work, token_id, one)
            }
            self._hold(early, work.now - HELD_FOR)
            for key_id, at in sorted(keys.items()):
                _mark_key(work, key_id, at)
            for session_id, at in sorted(seen.items()):
                _mark_session(work, session_id, at)

    def _hold(self, early: Mapping[int, _Seen], after: datetime) -> None:
        """Keep for the next flush what another process was a moment ahead with."""
        for token_id, one in early.items():
            if one.at > after:
                one.places = {}  # these are written
                self._tokens.setdefault(token_id, one)


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
    """That a token was used: of several uses from one place in a minute, one."""

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


def _mark_token(work: Work, token_id: int, seen: _Seen) -> bool:
    """Write down when a token was used; False when its row was written less than a minute ago.

    The row is asked nothing: its own update says whether its time has come. That also puts several
    processes in a queue, so that each sees which uses the one before has listed.
    """
    due = tokens.c.use_written_at.is_(None) | (tokens.c.use_written_at <= work.now - TOKEN_STEP)
    earlier = tokens.c.last_used_at.is_(None) | (tokens.c.last_used_at < seen.at)
    ip, client = seen.last[0], _client(seen.last[1])
    marked = work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id == token_id, due, earlier)
        .values(last_used_at=seen.at, last_used_ip=ip, last_used_by=client, use_written_at=work.now)
    )
    for place, at in seen.places.items():
        _list_use(work, token_id, place, at)
    if seen.places:
        _forget_old(work, token_id)
    return bool(marked.rowcount)


def _list_use(work: Work, token_id: int, place: tuple[str, str], at: datetime) -> None:
    """Add one use to the list, unless one from there stands in it that is a minute away or less."""
    ip, client = place[0], _client(place[1])
    same = (token_uses.c.token_id == tokens.c.id, token_uses.c.ip == ip)
    lately = (token_uses.c.client == client, token_uses.c.at > at - TOKEN_STEP)
    fresh = sa.select(
        tokens.c.id, sa.literal(at, Moment), sa.literal(ip), sa.literal(client)
    ).where(tokens.c.id == token_id, ~sa.exists().where(*same, *lately))
    work.db.execute(sa.insert(token_uses).from_select(["token_id", "at", "ip", "client"], fresh))


def _forget_old(work: Work, token_id: int) -> None:
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
