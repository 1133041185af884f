"""Sessions that another site ends: OpenID Connect Back-Channel Logout 1.0 (product §3.7).

A site that logs somebody out says so in a signed statement, server to server. What came in at its
word ends at its word: the sessions here, and log-ins that are half done. Each statement counts
once, and for a few minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from joserfc import jwt
from joserfc.errors import JoseError

from strata.accounts import people
from strata.accounts.factors.tables import halfway
from strata.core.call import Work
from strata.core.errors import Malformed, ProviderFailed
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider, Vouched
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert
from strata.sessions.identities.sites import endpoints, words
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.identities.tables import logout_statements
from strata.sessions.signed_in.tables import sessions

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
OLDEST: Final = timedelta(minutes=5)
LONGEST: Final = 16 * 1024  # characters
_TYPES: Final = frozenset({"logout+jwt", "application/logout+jwt"})
_UNTYPED: Final = frozenset({"", "jwt"})  # sites from before the standard named a type


@dataclass(frozen=True, slots=True)
class Ended:
    """Who was logged out there."""

    vouched: Vouched  # of which a part may be empty, never both
    statement: str  # its name, which no other has


def vouched(hub: Hub, claims: Claims) -> Vouched:
    """What a session keeps of the word that opened it, so that it ends with it."""
    return _vouched(hub, claims.provider, claims.issuer, claims.subject, claims.session)


def checked(hub: Hub, provider: LoginProvider, logout_token: str) -> Ended:
    """Read a statement (§2.6 of the standard); asks the site for its keys.

    Raises:
        Malformed: it is none, or does not hold.
    """
    if provider.kind == "github" or len(logout_token) > LONGEST:
        raise Malformed("There is no such statement.")
    try:
        where = endpoints.of(hub, provider)
        token = words.signed(hub, provider, where, logout_token)
    except ProviderFailed as failure:
        raise Malformed(f"The logout token does not hold: {failure.reason}.") from failure
    said = token.claims
    _require_rules(hub, provider, where.issuer, said)
    typed = str(token.header.get("typ", "")).lower()
    if typed not in _TYPES and not (provider.untyped_logout and typed in _UNTYPED):
        raise Malformed("This is a statement of another type.")
    subject, session = said.get("sub", ""), said.get("sid", "")
    return Ended(
        _vouched(hub, provider.id, where.issuer, subject, session),
        hub.secrets.digest("logout.statement", f"{provider.id} {said['jti']}"),
    )


def end(work: Work, provider: LoginProvider, ended: Ended) -> int:
    """Log out here who was logged out there; how many sessions that were.

    Raises:
        Malformed: this statement was used.
    """
    keep = {"digest": ended.statement, "expires_at": work.now + 2 * OLDEST}
    fresh = upsert(work.db, logout_statements).values(**keep).on_conflict_do_nothing()
    if work.db.execute(fresh).rowcount == 0:
        raise Malformed("This logout token was used before.")
    work.db.execute(sa.delete(halfway).where(*_of(halfway, ended.vouched)))
    gone = sa.delete(sessions).where(*_of(sessions, ended.vouched)).returning(sessions.c.user_id)
    count = Counter(work.db.scalars(gone))
    for user_id, number in count.items():
        user = people.by_id(work, user_id)
        record(
            work,
            "account.session_revoke",
            target=user.name if user else None,
            detail={"provider": provider.id, "sessions": number},
            whose=Whose(subject_id=user_id),
        )
    return count.total()


def forget_over(work: Work) -> None:
    """Forget statements that are too old to be shown again."""
    over = logout_statements.c.expires_at <= work.now
    work.db.execute(sa.delete(logout_statements).where(over))


def _require_rules(hub: Hub, provider: LoginProvider, issuer: str, said: Mapping[str, Any]) -> None:
    now = int(hub.clock().timestamp())
    rules = jwt.JWTClaimsRegistry(
        now=now,
        leeway=words.LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": provider.client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        rules.validate(dict(said))
    except JoseError as error:
        raise Malformed(f"The logout token does not hold: {error}") from error
    if said["iat"] < now - OLDEST.total_seconds() - words.LEEWAY_S:
        raise Malformed("The logout token is too old.")
    if "nonce" in said:
        raise Malformed("This is the statement of a log-in.")
    events = said.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Malformed("The logout token tells of no log-out.")
    named = [said[name] for name in ("sub", "sid") if name in said]
    if not named or not all(isinstance(one, str) and one for one in [*named, said["jti"]]):
        raise Malformed("The logout token does not say who that was.")


def _vouched(hub: Hub, provider: str, issuer: str, subject: str, session: str) -> Vouched:
    def digest(kind: str, value: str) -> str:
        named = f"{kind}\n{provider}\n{issuer}\n{value}"
        return hub.secrets.digest("session.vouched", named) if value else ""

    return Vouched(digest("sub", subject), digest("sid", session))


def _of(table: sa.Table, ended: Vouched) -> list[sa.ColumnElement[bool]]:
    """What an identity opened, or one session of it there."""
    identity, session = table.c.vouched_identity, table.c.vouched_session
    if not ended.session:
        return [identity == ended.identity]
    if not ended.identity:
        return [session == ended.session]
    # A site may have named its session only now.
    return [identity == ended.identity, sa.or_(session == ended.session, session.is_(None))]
