"""Log out at the other site too (OpenID Connect RP-Initiated Logout 1.0).

A site that offers it wants to see the ID token of the log-in. That stays here, sealed, under a
cookie of the browser that came from there; whoever logs out in that browser is offered the way, if
the identity is theirs. It is an offer: nobody is logged out elsewhere who did not ask for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa

from strata.core.call import Work
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities.sites.asking import Answered, provider_named
from strata.sessions.identities.tables import identities, logins_elsewhere
from strata.sessions.signed_in.sessions import PASSING, REMEMBERED

LONGEST_COOKIE: Final = 64  # characters; ours have 43
LONGEST_TOKEN: Final = 6000  # characters; it travels in an address
PURPOSE: Final = "login.elsewhere"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where somebody who has logged out here may do so too."""

    provider: LoginProvider
    end_session: str
    id_token: str = field(repr=False)  # empty: too long to travel

    def address(self, back: str, state: str) -> str:
        """The page that does it.

        Args:
            back: a page of ours that the operator has registered there.
            state: what the browser brings back with it.
        """
        asked: Mapping[str, str] = {
            **({"id_token_hint": self.id_token} if self.id_token else {}),
            "client_id": self.provider.client_id,
            "post_logout_redirect_uri": back,
            "state": state,
        }
        return f"{self.end_session}{'&' if '?' in self.end_session else '?'}{urlencode(asked)}"


def remember(work: Work, answered: Answered, *, long: bool, replaces: str = "") -> str:
    """Keep what logging out at a site takes; the cookie by which the browser finds it again.

    Args:
        long: the session will be a remembered one.
        replaces: the cookie that the browser has now.
    """
    _drop(work, replaces)
    cookie, claims = secrets.token_urlsafe(32), answered.claims
    life = (REMEMBERED if long else PASSING).absolute
    work.db.execute(
        sa.insert(logins_elsewhere).values(
            digest=_digest(work.hub, cookie),
            provider=claims.provider,
            issuer=claims.issuer,
            subject=claims.subject,
            end_session=answered.end_session,
            id_token=work.hub.secrets.seal(PURPOSE, answered.id_token[: LONGEST_TOKEN + 1]),
            expires_at=work.now + life,
        )
    )
    return cookie


def take(work: Work, cookie: str) -> Elsewhere | None:
    """Use up what a browser can offer to the person who logs out in it; None: nothing of theirs."""
    digest = _digest(work.hub, cookie[: LONGEST_COOKIE + 1])
    same = (
        identities.c[name] == logins_elsewhere.c[name] for name in ("provider", "issuer", "subject")
    )
    row = work.db.execute(
        sa.select(logins_elsewhere)
        .join(identities, sa.and_(*same))
        .where(
            logins_elsewhere.c.digest == digest,
            logins_elsewhere.c.expires_at > work.now,
            identities.c.user_id == work.actor.user_id,
        )
    ).first()
    _drop(work, cookie)
    provider = provider_named(work.hub, row.provider) if row else None
    if row is None or provider is None:
        return None
    token = work.hub.secrets.unseal(PURPOSE, row.id_token) or ""
    return Elsewhere(provider, row.end_session, token if len(token) <= LONGEST_TOKEN else "")


def forget_person(work: Work, user_id: int) -> None:
    """Keep nothing of the log-ins of an account that is closed."""
    theirs = sa.select(identities.c.provider, identities.c.issuer, identities.c.subject)
    key = sa.tuple_(
        logins_elsewhere.c.provider, logins_elsewhere.c.issuer, logins_elsewhere.c.subject
    )
    mine = theirs.where(identities.c.user_id == user_id)
    work.db.execute(sa.delete(logins_elsewhere).where(key.in_(mine)))


def forget_over(work: Work) -> None:
    """Remove what is over."""
    over = logins_elsewhere.c.expires_at <= work.now
    work.db.execute(sa.delete(logins_elsewhere).where(over))


def _drop(work: Work, cookie: str) -> None:
    if 0 < len(cookie) <= LONGEST_COOKIE:
        digest = _digest(work.hub, cookie)
        work.db.execute(sa.delete(logins_elsewhere).where(logins_elsewhere.c.digest == digest))


def _digest(hub: Hub, cookie: str) -> str:
    return hub.secrets.digest("login.elsewhere", cookie)
