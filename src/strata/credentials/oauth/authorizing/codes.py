"""Codes that a browser carries to an application, which redeems them once (RFC 6749 §4.1, 7636)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.core.errors import ClientRefused, GrantRefused
from strata.credentials.oauth import apps, consents, scopes
from strata.credentials.oauth.apps import App, Credentials
from strata.credentials.oauth.consents import Consent
from strata.credentials.oauth.openid import claims
from strata.credentials.oauth.tables import oauth_codes
from strata.credentials.oauth.tokens import families
from strata.credentials.oauth.tokens.families import Answer
from strata.events.facts import Whose, record

LIFE: Final = timedelta(minutes=1)
LONGEST: Final = 128
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # of S256
OVER: Final = "This code is wrong, was used already, or is no longer valid. Log in again."


@dataclass(frozen=True, slots=True)
class Bound:
    """What a code is good for, and where it may be redeemed."""

    scopes: tuple[str, ...]
    organizations: tuple[int, ...]
    redirect_uri: str
    challenge: str
    nonce: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Redemption:
    """A code that comes back."""

    credentials: Credentials
    code: str = field(repr=False)
    redirect_uri: str
    verifier: str = field(repr=False)


def issue(work: Work, consent: Consent, bound: Bound) -> str:
    """A fresh code for an application that its person let in."""
    code = secrets.token_urlsafe(32)
    work.db.execute(
        sa.insert(oauth_codes).values(
            digest=_digest(work, code),
            consent_id=consent.id,
            scopes=scopes.joined(bound.scopes),
            organizations=list(bound.organizations),
            redirect_uri=bound.redirect_uri,
            challenge=bound.challenge,
            nonce=bound.nonce,
            entered_at=bound.entered_at,
            expires_at=work.now + LIFE,
        )
    )
    return code


def redeem(call: Call, asked: Redemption) -> tuple[Answer, str]:
    """The tokens that a code is good for, and the `id_token`.

    Whoever tries a code with a wrong verifier, or from another address, has used it up. One that
    comes twice ends what it gave the first time: one of the two was not ours to give to.

    Raises:
        ClientRefused: the application is not the one that it says it is.
        GrantRefused: `invalid_grant`.
    """
    shown = asked.credentials
    app = apps.named(call, shown) if shown.client_id or shown.secret else None
    with working(call) as work:
        row = _shown(work, asked.code)
        consent = None if row is None else consents.by_key(work, row.consent_id)
        owner = None if consent is None else apps.by_id(work, consent.app_id)
        if row is not None and consent is not None and owner is not None:
            if app is not None and app.id != owner.id:
                raise GrantRefused("invalid_grant", OVER)
            _require_client(owner, row, asked)
            if _is_good(work, row, consent, owner, asked):
                return _give(work, row, consent, owner, asked)
    raise GrantRefused("invalid_grant", OVER)


def forget_over(work: Work) -> None:
    """Remove codes that ended a day ago; until then a second use is noticed."""
    ended = oauth_codes.c.expires_at <= work.now - timedelta(days=1)
    work.db.execute(sa.delete(oauth_codes).where(ended))


def _digest(call: Call, code: str) -> str:
    return call.hub.secrets.digest("oauth.code", code)


def _shown(work: Work, code: str) -> sa.Row[Any] | None:
    """What is kept of a code; whoever ends what its person gave away waits, or was first."""
    if not code or len(code) > LONGEST:
        return None
    here = oauth_codes.c.digest == _digest(work, code)
    consents.hold_person(work, sa.select(oauth_codes.c.consent_id).where(here))
    return work.db.execute(sa.select(oauth_codes).where(here).with_for_update()).first()


def _require_client(app: App, row: sa.Row[Any], asked: Redemption) -> None:
    """Who redeems: a secret shows it, or a verifier that only the right browser has.

    The JavaScript client of the Hub sends the verifier alone, for applications of this site. A
    secret that came along is the right one: `redeem` has looked.
    """
    by_verifier = row.challenge and app.vouched_for
    if app.confidential and not by_verifier and not asked.credentials.secret:
        raise ClientRefused("Send the secret of this application as well.")


def _is_good(work: Work, row: sa.Row[Any], consent: Consent, app: App, asked: Redemption) -> bool:
    """Whether the code opens anything; either way it opens nothing afterwards."""
    if row.used_at is not None:
        if row.family_id is not None:
            families.end(work, row.family_id)
            detail = {"client_id": app.client_id, "by": "code shown twice"}
            whose = Whose(subject_id=consent.user_id)
            record(work, "oauth.revoke", target=app.name, detail=detail, whose=whose)
        return False
    _use(work, row)
    fits = row.redirect_uri == asked.redirect_uri and _fits(row.challenge, asked.verifier)
    return fits and row.expires_at > work.now


def _fits(challenge: str, verifier: str) -> bool:
    """Whether the verifier is the one of the challenge; where none was sent, none may come."""
    if not challenge:
        return not verifier
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(computed, challenge)


def _use(work: Work, row: sa.Row[Any], family_id: int | None = None) -> None:
    work.db.execute(
        sa.update(oauth_codes)
        .where(oauth_codes.c.digest == row.digest)
        .values(used_at=work.now, family_id=family_id)
    )


def _give(
    work: Work, row: sa.Row[Any], consent: Consent, app: App, asked: Redemption
) -> tuple[Answer, str]:
    families.require_open_account(work, consent.user_id)
    answer = families.begin(
        work,
        families.Asked(
            app=app,
            consent=consent,
            scopes=tuple(row.scopes.split()),
            organizations=tuple(row.organizations),
            lifetime=families.BROWSER_LIFE,
            # One that did not show its secret now could not show it then.
            refreshed=not app.confidential or bool(asked.credentials.secret),
        ),
    )
    _use(work, row, answer.family_id)
    entered = claims.Entered(at=row.entered_at, nonce=row.nonce)
    return answer, claims.id_token(work, answer, entered)
