"""Ask another site who somebody is: OAuth 2 with PKCE, and OpenID Connect (product §3.7).

`begin` gives the address to send the browser to, and what that browser must bring back; `finish`
checks what it brings and asks the site for its word. Both talk to the site alone, never to our
database, and must not run inside a transaction.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from strata.core.errors import Failure, ProviderFailed
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.lib.db.columns import to_millis
from strata.sessions.identities.sites import endpoints, words
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.identities.sites.talking import post_form

LIFE: Final = timedelta(minutes=15)  # to log in there
_SEAL: Final = "login.attempt"
_SCOPES: Final = {
    "github": ("read:user", "user:email"),
    "google": ("openid", "email", "profile"),
    "oidc": ("openid", "email", "profile"),
}


class Attempt(msgspec.Struct, frozen=True):
    """What a browser keeps, sealed, while its person is at the other site."""

    provider: str
    state: str
    nonce: str
    verifier: str
    redirect: str  # the address to come back to
    onward: str  # a page of ours
    remember: bool
    linking: int  # id of the signed-in account that the identity is for; 0: a log-in
    until: int  # milliseconds since 1970


@dataclass(frozen=True, slots=True)
class Answered:
    """Who it is, and what the site needs to hear to log them out there again."""

    claims: Claims
    id_token: str = field(default="", repr=False)  # empty: the site gives none
    end_session: str = ""  # its page that logs people out; empty: it has none


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a log-in through another site is for."""

    redirect: str
    onward: str = "/"
    remember: bool = False
    linking: int = 0


def provider_named(hub: Hub, name: str) -> LoginProvider | None:
    """One of the sites that the operator named."""
    return next((one for one in hub.providers if one.id == name), None)


def begin(hub: Hub, provider: LoginProvider, wanted: Wanted) -> tuple[str, str]:
    """Where to send the browser, and what it keeps meanwhile, sealed.

    Raises:
        ProviderFailed: the site does not tell where.
    """
    where = endpoints.of(hub, provider, fresh=True)
    if not where.authorization or not where.token:
        raise ProviderFailed(provider.name, "its discovery document names no log-in")
    attempt = Attempt(
        provider=provider.id,
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect=wanted.redirect,
        onward=wanted.onward,
        remember=wanted.remember,
        linking=wanted.linking,
        until=to_millis(hub.clock() + LIFE),
    )
    separator = "&" if "?" in where.authorization else "?"
    sealed = hub.secrets.seal(_SEAL, msgspec.json.encode(attempt).decode())
    cookie = base64.urlsafe_b64encode(sealed).decode()
    question = urlencode(_question(provider, attempt))
    return f"{where.authorization}{separator}{question}", cookie


def _question(provider: LoginProvider, attempt: Attempt) -> dict[str, str]:
    """What an authorization request says (OAuth 2.1 §4.1.1, Core 1.0 §3.1.2.1)."""
    question = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": attempt.redirect,
        "scope": " ".join((*_SCOPES[provider.kind], *provider.scopes)),
        "state": attempt.state,
        "code_challenge": _challenge(attempt.verifier),
        "code_challenge_method": "S256",
    }
    if provider.kind != "github":
        question["nonce"] = attempt.nonce
    if provider.hosted_domain:
        question["hd"] = provider.hosted_domain
    return question


def attempt_of(hub: Hub, cookie: str) -> Attempt | None:
    """What a browser kept; None when it is not ours, or too old."""
    try:
        text = hub.secrets.unseal(_SEAL, base64.urlsafe_b64decode(cookie.encode()))
        attempt = msgspec.json.decode(text or "", type=Attempt)
    except (ValueError, msgspec.DecodeError):
        return None
    return attempt if to_millis(hub.clock()) < attempt.until else None


def finish(
    hub: Hub, provider: LoginProvider, attempt: Attempt, brought: Mapping[str, str]
) -> Answered:
    """Check what the browser brings back, and ask the site who that is.

    Raises:
        ProviderFailed: the site refused, or its word does not hold.
    """
    _require_begun(provider, attempt, brought)
    where = endpoints.of(hub, provider)
    if brought.get("iss", "" if where.names_itself else where.issuer) != where.issuer:  # RFC 9207
        raise ProviderFailed(provider.name, "another issuer answered")
    grant = {
        "grant_type": "authorization_code",
        "code": brought.get("code", ""),
        "redirect_uri": attempt.redirect,
        "code_verifier": attempt.verifier,
    }
    answer = post_form(hub, provider, where.token, grant, client_auth=where.client_auth)
    access_token = _text(provider, answer, "access_token")
    if provider.kind == "github":
        return Answered(words.of_github(hub, provider, access_token))
    id_token = _text(provider, answer, "id_token")
    said = words.checked(hub, provider, where, id_token, nonce=attempt.nonce)
    claims = words.of_issuer(hub, provider, where, said, access_token=access_token)
    return Answered(claims, id_token, where.end_session)


def _require_begun(provider: LoginProvider, attempt: Attempt, brought: Mapping[str, str]) -> None:
    """Go on only with an answer to what this browser asked this site, and no refusal."""
    same = hmac.compare_digest(attempt.state.encode(), brought.get("state", "").encode())
    if not same or attempt.provider != provider.id:
        raise ProviderFailed(provider.name, "another browser began this log-in", Failure.OVER)
    if "error" in brought:
        failure = Failure.DENIED if brought["error"] == "access_denied" else Failure.AWAY
        raise ProviderFailed(provider.name, brought["error"][:100], failure)


def _text(provider: LoginProvider, answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        reason = json.dumps(answer.get("error", f"no {name}"))[:100]
        raise ProviderFailed(provider.name, reason)
    return value


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
