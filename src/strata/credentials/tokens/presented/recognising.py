"""Whom a token speaks for: one statement for each request that shows one."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from strata.accounts.legal.documents import due
from strata.accounts.standing import require_open, standing_at
from strata.core.actor import Actor
from strata.core.errors import TokenExpired
from strata.core.hub import Hub
from strata.credentials.tokens.presented.facts import (
    COLUMNS,
    INSIDE,
    ROLES,
    demand_in,
    token_facts,
    with_shares,
)
from strata.credentials.tokens.values import LONGEST_VALUE, STAMP_LENGTH
from strata.lib.db.columns import to_millis
from strata.lib.db.database import Prepared
from strata.organizations.collaborators.shares import SOME
from strata.organizations.roles import roles_in

_FROM = (
    "SELECT u.id, n.name, u.verified_at, u.admin, u.standing, u.standing_until,"  # noqa: S608 — constants
    " u.agreed, (SELECT current FROM agreement), (SELECT since FROM agreement),"
    f" {SOME}, t.digest, {COLUMNS}"
    " FROM tokens t JOIN users u ON u.id = t.user_id JOIN namespaces n ON n.id = u.id"
    f" {INSIDE} WHERE t.leaked_at IS NULL"
)
_BY_DIGEST = Prepared(f"{_FROM} AND t.digest = :digest")
_BY_FORMER = Prepared(f"{_FROM} AND t.former_digest = :digest AND t.former_until > :now")


def actor_for_token(db: Connection, hub: Hub, value: str) -> Actor | None:
    """Who the token speaks for; None when it is unknown or was revoked.

    Raises:
        TokenExpired: its time is over.
        AccountSuspended, Forbidden: its owner's account is not open.
    """
    if not value or len(value) > LONGEST_VALUE:
        return None
    now = hub.clock()
    asked: dict[str, object] = {
        "digest": hub.secrets.digest("token", value),
        "now": to_millis(now),
    }
    rows = _BY_DIGEST.rows(db, asked) or _BY_FORMER.rows(db, asked)
    if not rows:
        return None
    row = rows[0]  # one for each membership; they differ in nothing else
    token = token_facts([row[11:] for row in rows], row[10][:STAMP_LENGTH])
    if token.expires_at is not None and token.expires_at <= now:
        raise TokenExpired
    require_open(standing_at(to_millis(now), row[4], row[5]))
    demand = demand_in(hub, rows, token)
    consent = due(hub, *row[6:9])
    actor = Actor(
        user_id=row[0],
        name=row[1],
        verified=row[2] is not None,
        admin=bool(row[3]),
        agree_by=consent.by,
        must_agree=consent.over,
        token=token,
        roles=roles_in(row[ROLES] for row in rows),
        closed=demand.closed,
        factor_due=demand.due,
    )
    return with_shares(db, hub, actor) if row[9] else actor
