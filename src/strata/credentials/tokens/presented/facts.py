"""What a request knows of its token, read with one statement beside the person's roles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy.engine import Connection

from strata.core.actor import Actor, Bar, Grants, Role, TokenFacts, TokenKind, TokenRole
from strata.core.hub import Hub
from strata.core.permissions import grants_of
from strata.lib.db.columns import from_millis
from strata.lib.db.database import Prepared
from strata.organizations import speakers
from strata.organizations.collaborators import shares
from strata.organizations.token_policy import TokenPolicy, bar

REMEMBERED: Final = 4_096  # grants; a token's are a kilobyte at most times

# A row for each membership: the token, and what the organisation says of it.
COLUMNS: Final = (
    "t.id, t.name, t.role, t.created_at, t.kind, t.expires_at, CAST(t.grants AS TEXT),"
    " o.token_policy,"
    # Who leaves and comes back asks again.
    " CASE WHEN a.state = 'approved' AND a.decided_at < m.joined_at THEN 'pending'"
    f" ELSE a.state END, {speakers.MEMBERSHIPS}"
)
# Joins to `users u` and `tokens t`.
INSIDE: Final = (
    f"{speakers.JOINED} LEFT JOIN token_organizations a"
    " ON a.token_id = t.id AND a.organization_id = m.organization_id"
)
# The same of the repos on which the person works without being a member.
_OUTSIDE = Prepared(
    "SELECT o.token_policy,"
    " CASE WHEN a.state = 'approved' AND a.decided_at < s.added_at THEN 'pending'"
    f" ELSE a.state END, o.id, {shares.COLUMNS} {shares.FROM}"
    " LEFT JOIN token_organizations a ON a.token_id = :token_id AND a.organization_id = o.id"
    " WHERE s.user_id = :user_id"
)


def token_facts(rows: Sequence[Sequence[Any]], stamp: str) -> TokenFacts:
    """What rows of `COLUMNS` say of one token.

    Args:
        rows: one for each membership of its person, at least one.
        stamp: the beginning of its digest.
    """
    token_id, name, role, created_at, kind, expires_at, grants = rows[0][:7]
    narrowed = grants not in (None, "null")
    return TokenFacts(
        id=token_id,
        name=name,
        role=TokenRole(role),
        created_at=from_millis(created_at),
        stamp=stamp,
        kind=TokenKind(kind),
        expires_at=None if expires_at is None else from_millis(expires_at),
        grants=_read(grants) if narrowed else None,
        bars=_bars((row[7:11] for row in rows), TokenKind(kind), narrowed=narrowed),
    )


@lru_cache(REMEMBERED)
def _read(text: str) -> Grants:
    return grants_of(json.loads(text))


def _bars(rows: Iterable[Sequence[Any]], kind: TokenKind, *, narrowed: bool) -> Mapping[int, Bar]:
    """The organisations that keep the token out.

    What a CI job gets, an organisation has set up itself: it is kept out when they say so of it.
    """
    found = {}
    for policy, state, organization_id, role in rows:
        if organization_id is not None and (policy != TokenPolicy.ANY or state is not None):
            kept = bar(TokenPolicy(policy), Role(role), state, narrowed=narrowed)
            if kept is Bar.REVOKED or (kept is not None and kind is not TokenKind.PUBLISHER):
                found[organization_id] = kept
    return found


def with_shares(db: Connection, hub: Hub, actor: Actor) -> Actor:
    """The same person with what they work on elsewhere, and which organisations bar the token."""
    token = actor.token
    if token is None:
        return shares.with_shares(db, hub, actor)
    rows = _OUTSIDE.rows(db, {"user_id": actor.user_id, "token_id": token.id})
    # Whoever manages one repo there is no admin who approves their own tokens.
    outside = [(*row[:3], Role.NO_ACCESS) for row in rows if row[2] not in actor.roles]
    bars = _bars(outside, token.kind, narrowed=token.grants is not None)
    barred = replace(actor, token=replace(token, bars={**token.bars, **bars}))
    asked = speakers.owes_a_factor(token)
    return shares.given(hub, barred, [row[3:] for row in rows], asked=asked)
