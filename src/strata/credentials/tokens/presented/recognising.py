"""Whom a token speaks for: one statement for each request that shows one."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from strata.accounts.standing import require_open
from strata.core.actor import Actor
from strata.core.errors import TokenExpired
from strata.core.hub import Hub
from strata.credentials.tokens.presented.facts import (
    COLUMNS,
    INSIDE,
    token_facts,
    with_shares,
)
from strata.credentials.tokens.values import STAMP_LENGTH, may_be_kept
from strata.lib.db.columns import to_millis
from strata.lib.db.database import Prepared
from strata.organizations import speakers

_FROM = (
    f"SELECT {speakers.PERSON}, t.digest, {COLUMNS}"  # noqa: S608 — constants
    f" FROM tokens t JOIN users u ON u.id = t.user_id {INSIDE} WHERE t.leaked_at IS NULL"
)
_BY_DIGEST = Prepared(f"{_FROM} AND t.digest = :digest")
_BY_FORMER = Prepared(f"{_FROM} AND t.former_digest = :digest AND t.former_until > :now")


def actor_for_token(db: Connection, hub: Hub, value: str) -> Actor | None:
    """Who the token speaks for; None when it is unknown or was revoked.

    Raises:
        TokenExpired: its time is over.
        AccountSuspended, Forbidden: its owner's account is not open.
    """
    if not may_be_kept(value):
        return None
    now = hub.clock()
    asked: dict[str, object] = {
        "digest": hub.secrets.digest("token", value),
        "now": to_millis(now),
    }
    rows = _BY_DIGEST.rows(db, asked) or _BY_FORMER.rows(db, asked)
    if not rows:
        return None
    digest: str = rows[0][speakers.WIDTH]
    token = token_facts([row[speakers.WIDTH + 1 :] for row in rows], digest[:STAMP_LENGTH])
    if token.expires_at is not None and token.expires_at <= now:
        raise TokenExpired
    require_open(speakers.standing_of(hub, rows[0]))
    actor = speakers.speaker(hub, rows, token=token)
    return with_shares(db, hub, actor) if speakers.works_elsewhere(rows[0]) else actor
