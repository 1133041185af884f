"""A refresh token is good once and is followed by another one (product §3.11, RFC 9700 §4.14).

Whoever shows one that was used before is not the one we gave the next to, or not alone: then the
whole family ends, and its person is told.

Two processes of one program may come with the same refresh token at once, and an answer may be lost
on its way: within `OVERLAP` of its use it leads to the very same successor again, which is computed
and not drawn, so that a family never has two branches of which one could belong to a thief.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.core.call import Call, Work, working
from strata.core.errors import GrantRefused
from strata.credentials.oauth import apps, letters, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.tables import oauth_accesses
from strata.credentials.oauth.tokens import families
from strata.credentials.oauth.tokens.families import LONGEST, Answer, Family
from strata.credentials.tokens.tables import oauth_refreshes, tokens
from strata.credentials.tokens.values import REFRESH_PREFIX
from strata.events import outbox
from strata.events.facts import record

OVERLAP: Final = timedelta(minutes=1)
FOLLOWED_LIFE: Final = timedelta(hours=1)  # what is left to an access token that was followed
REFRESHES_PER_HOUR: Final = 60
OVER: Final = "This refresh token is no longer valid. Log in again."


@dataclass(frozen=True, slots=True)
class Refresh:
    """A request for the next tokens of a family."""

    credentials: apps.Credentials
    token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None  # None: as before


def refresh(call: Call, asked: Refresh) -> Answer:
    """Give the next tokens of a family.

    Raises:
        ClientRefused: the application is not the one that it says it is.
        GrantRefused: `invalid_grant`, the token is unknown, over, of another application, or was
            used before; `invalid_scope`, it asks for more than it had.
        TooMany: it comes more often than any program needs.
    """
    app = apps.authenticated(call, asked.credentials)
    with working(call) as work:
        answer = _refreshed(work, app, asked)
    if answer is None:  # what it found was written down first
        raise GrantRefused("invalid_grant", OVER)
    return answer


def _refreshed(work: Work, app: App, asked: Refresh) -> Answer | None:
    """The answer; None: refused, and what that meant for the family is part of this work."""
    kept = _shown(work, asked.token)
    family = None if kept is None else families.by_id(work, kept.family_id)
    if kept is None or family is None or family.app.id != app.id or kept.expires_at <= work.now:
        return None
    if kept.used_at is not None and kept.used_at + OVERLAP <= work.now:
        _thief(work, family)
        return None
    if _is_leaked(work, family):  # its person was told then
        families.end(work, family.id)
        return None
    limits.count(work, limits.Limit(f"oauth.refresh:{family.id}", REFRESHES_PER_HOUR, 60))
    families.require_open_account(work, family.user_id)
    narrowed = _narrowed(family, asked.scopes)
    successor = _successor(work, asked.token)
    if kept.used_at is None:
        _follow(work, kept.digest, family)
    families.keep(work, family, successor)
    return families.access(work, narrowed, successor)


def _shown(work: Work, value: str) -> sa.Row[Any] | None:
    """What is kept of a refresh token; others that touch what its person gave away wait."""
    if not value.startswith(REFRESH_PREFIX) or len(value) > LONGEST:
        return None
    digest = work.hub.secrets.digest("oauth.refresh", value)
    here = oauth_refreshes.c.digest == digest
    family = sa.select(oauth_refreshes.c.family_id).where(here)
    families.hold_person(work, family)
    return work.db.execute(sa.select(oauth_refreshes).where(here).with_for_update()).first()


def _thief(work: Work, family: Family) -> None:
    """Somebody has a token that was followed long ago: end all of it, and tell its person."""
    families.end(work, family.id)
    record(
        work,
        "oauth.refresh_reuse",
        target=family.app.name,
        actor_id=family.user_id,
        detail={"client_id": family.app.client_id},
    )
    user = people.by_id(work, family.user_id)
    if user is not None:
        for reader in confirmed.readers(work, user):
            outbox.post(work, letters.reused(work, reader, app_name=family.app.name))


def _narrowed(family: Family, asked: Iterable[str] | None) -> Family:
    if asked is None:
        return family
    held = tuple(asked)
    scopes.within(held, family.scopes)
    return replace(family, scopes=held)


def _successor(work: Work, value: str) -> str:
    """The one token that follows this one; only who has our key can compute it."""
    mark = hmac.digest(work.hub.secrets.key("oauth.refresh.next"), value.encode(), "sha256")
    letters_only = urlsafe_b64encode(mark).rstrip(b"=").decode().replace("-", "x").replace("_", "X")
    return f"{REFRESH_PREFIX}{letters_only}"


def _follow(work: Work, digest: str, family: Family) -> None:
    """The token is used; the access tokens from before may finish what is under way."""
    work.db.execute(
        sa.update(oauth_refreshes)
        .where(oauth_refreshes.c.digest == digest)
        .values(used_at=work.now)
    )
    soon = work.now + FOLLOWED_LIFE
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family.id)
    work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id.in_(held), tokens.c.expires_at > soon)
        .values(expires_at=soon)
    )


def _is_leaked(call: Call, family: Family) -> bool:
    """Whether somebody reported one of its tokens."""
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family.id)
    leaked = sa.select(tokens.c.id).where(tokens.c.id.in_(held), tokens.c.leaked_at.is_not(None))
    return call.db.execute(leaked.limit(1)).first() is not None
