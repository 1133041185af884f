"""Signed-in browsers: opaque ids, kept as digests, with an idle and an absolute end (product §3.8).

Reading a session writes nothing: the door notes it in `Uses`, which is flushed in bulk.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from strata.core.actor import Actor, Standing
from strata.core.call import Call, Work
from strata.core.errors import Unauthenticated
from strata.core.hub import Hub
from strata.core.settings.providers import UNVOUCHED, Vouched
from strata.events.facts import record
from strata.lib.db.columns import from_millis, to_millis
from strata.lib.db.database import Prepared
from strata.organizations import speakers
from strata.organizations.collaborators.shares import with_shares
from strata.sessions.signed_in.browsers import whence
from strata.sessions.signed_in.tables import sessions

LONGEST_COOKIE = 128  # characters; ours have 43
_USER_AGENT_LENGTH = 512
_LIVE = Prepared(
    f"SELECT {speakers.PERSON}, s.id, s.mark, s.proved_until, {speakers.MEMBERSHIPS}"  # noqa: S608 — constants
    f" FROM sessions s JOIN users u ON u.id = s.user_id {speakers.JOINED}"
    " WHERE s.digest = :digest AND s.idle_expires_at > :now AND s.expires_at > :now"
)


@dataclass(frozen=True, slots=True)
class Life:
    """How long a session lives."""

    idle: timedelta
    absolute: timedelta


REMEMBERED = Life(timedelta(days=14), timedelta(days=90))
PASSING = Life(timedelta(hours=12), timedelta(hours=24))
PROVED_FOR = timedelta(minutes=15)  # after a log-in or another proof of who sits there
ADMIN = Life(timedelta(minutes=30), timedelta(hours=8))
MOST, ADMINS_MOST = 50, 10  # of one account at once; the one that was not seen for longest ends


@dataclass(frozen=True, slots=True)
class Started:
    """A new session; the cookie is known here and in the browser only."""

    id: int
    cookie: str = field(repr=False)
    max_age_s: int | None  # None: until the browser closes
    expires_at: datetime


def start(
    work: Work,
    user_id: int,
    *,
    admin: bool,
    remember: bool,
    proved_by: str = "password",
    vouched: Vouched = UNVOUCHED,
) -> Started:
    """Open a session under a new id; call it at log-in, never keep an older id.

    Args:
        proved_by: with what the person has just shown to us who they are; empty: they have not.
        vouched: at whose word it is opened, and with whose word it ends.
    """
    life = ADMIN if admin else REMEMBERED if remember else PASSING
    cookie = secrets.token_urlsafe(32)
    inserted = work.db.execute(
        sa.insert(sessions)
        .values(
            digest=_digest(work.hub, cookie),
            mark=secrets.token_hex(16),
            user_id=user_id,
            created_at=work.now,
            seen_at=work.now,
            idle_expires_at=work.now + life.idle,
            expires_at=work.now + life.absolute,
            **_proof(work, proved_by),
            remember=remember,
            ip=work.origin.ip,
            user_agent=work.origin.user_agent[:_USER_AGENT_LENGTH],
            vouched_identity=vouched.identity or None,
            vouched_session=vouched.session or None,
        )
        .returning(sessions.c.id)
    ).one()
    _end_oldest(work, user_id, ADMINS_MOST if admin else MOST)
    max_age = int(life.absolute.total_seconds()) if remember else None
    return Started(inserted.id, cookie, max_age, work.now + life.absolute)


def _proof(work: Work, proved_by: str) -> dict[str, object]:
    """What a session keeps of a proof; an empty one changes nothing."""
    if not proved_by:
        return {}
    return {
        "proved_until": work.now + PROVED_FOR,
        "proved_by": proved_by,
        "proved_from": whence(work),
    }


def _end_oldest(work: Work, user_id: int, most: int) -> None:
    """End those that were not seen for longest, where there are more than one person needs."""
    theirs = sa.select(sessions.c.id).where(sessions.c.user_id == user_id)
    newest_first = theirs.order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
    over = sa.delete(sessions).where(sessions.c.id.in_(newest_first.offset(most)))
    ended = work.db.execute(over).rowcount
    if ended:
        detail = {"sessions": ended, "most": most}
        record(work, "account.session_revoke", actor_id=user_id, detail=detail)


def renew(work: Work, *, proved_by: str = "") -> Started:
    """Let the caller's session go on under a new id; what others may have seen opens nothing.

    Args:
        proved_by: with what the person has just shown who they are; empty: they have not.

    Raises:
        Unauthenticated: the session has ended meanwhile.
    """
    cookie = secrets.token_urlsafe(32)
    row = work.db.execute(
        sa.update(sessions)
        .where(sessions.c.id == work.actor.session_id)
        .values(digest=_digest(work.hub, cookie), **_proof(work, proved_by))
        .returning(sessions.c.id, sessions.c.remember, sessions.c.expires_at)
    ).first()
    if row is None:
        raise Unauthenticated("Log in first.")
    left = int((row.expires_at - work.now).total_seconds()) if row.remember else None
    return Started(row.id, cookie, left, row.expires_at)


def decoy(work: Work) -> Started:
    """What looks like a new session and opens nothing."""
    return Started(0, secrets.token_urlsafe(32), None, work.now + PASSING.absolute)


def actor_for_session(db: Connection, hub: Hub, cookie: str) -> Actor | None:
    """Who the cookie belongs to; None when it is unknown or over."""
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return None
    now = to_millis(hub.clock())
    rows = _LIVE.rows(db, {"digest": _digest(hub, cookie), "now": now})
    if not rows:
        return None
    standing = speakers.standing_of(hub, rows[0])
    if standing in (Standing.SUSPENDED, Standing.DELETED):
        return None
    session_id, mark, proved_until = rows[0][speakers.WIDTH :][:3]
    actor = replace(
        speakers.speaker(hub, rows),
        standing=standing,
        session_id=session_id,
        session_mark=mark,
        proved_until=None if proved_until is None else from_millis(proved_until),
    )
    return with_shares(db, hub, actor) if speakers.works_elsewhere(rows[0]) else actor


def log_out(work: Work) -> None:
    """End the caller's session; without one nothing happens."""
    if work.actor.session_id is None:
        return
    work.db.execute(sa.delete(sessions).where(sessions.c.id == work.actor.session_id))
    record(work, "account.logout", target=work.actor.name)


def end(work: Work, cookie: str | None) -> None:
    """End a session by its cookie: the one that a log-in replaces."""
    if cookie and len(cookie) <= LONGEST_COOKIE:
        work.db.execute(sa.delete(sessions).where(sessions.c.digest == _digest(work.hub, cookie)))


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner's list shows it."""

    id: int
    created_at: datetime
    seen_at: datetime
    ip: str
    user_agent: str


def of(call: Call, user_id: int) -> list[Session]:
    """The sessions of an account that are not over, the one seen last first."""
    rows = call.db.execute(
        sa.select(*(sessions.c[name] for name in Session.__dataclass_fields__))
        .where(
            sessions.c.user_id == user_id,
            sessions.c.idle_expires_at > call.now,
            sessions.c.expires_at > call.now,
        )
        .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
    )
    return [Session(*row) for row in rows]


def end_all(work: Work, user_id: int, *, but: int | None = None) -> int:
    """End every session of an account, except one; how many there were."""
    theirs = sa.delete(sessions).where(sessions.c.user_id == user_id)
    ended = work.db.execute(theirs if but is None else theirs.where(sessions.c.id != but))
    return ended.rowcount


def forget_expired(work: Work) -> None:
    """Remove the sessions that are over."""
    over = sa.or_(sessions.c.idle_expires_at <= work.now, sessions.c.expires_at <= work.now)
    work.db.execute(sa.delete(sessions).where(over))


def _digest(hub: Hub, cookie: str) -> str:
    return hub.secrets.digest("session", cookie)
