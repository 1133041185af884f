"""What an application asks of a person through their browser, and whether it may (RFC 6749 §4.1.1).

First it is settled who asks and where the answer goes: as long as that is not certain, nobody is
sent anywhere, and the failure is shown here. Everything later is told to the application.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.core.call import Call
from strata.core.errors import GrantRefused, Malformed
from strata.credentials.oauth import apps, redirects, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.authorizing import codes
from strata.credentials.oauth.making import documents

DEFAULT_SCOPES: Final = "openid profile"
LONGEST_NONCE: Final = 500
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
BAD_REDIRECT: Final = (
    "The application wants to send you to an address that was not registered for it. "
    "You were not sent there. Tell its makers."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The request as it stands in the address."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    challenge: str = ""
    challenge_method: str = ""
    nonce: str = ""
    prompt: frozenset[str] = frozenset()
    max_age_s: int | None = None
    organizations: tuple[str, ...] = ()  # public ids that the application proposes
    unsupported: str = ""  # an error code: it wants something that no client of ours needs


def recognised(call: Call, asked: Asked) -> App:
    """The application that asks, if the answer would go to an address of its own.

    Call it outside a transaction: it may read a document of another host.

    Raises:
        Malformed: it does not; nobody may be sent there.
        Unauthenticated, EmailNotVerified, Forbidden, TooMany: as `documents.application`.
    """
    app = apps.find(call, asked.client_id)
    if documents.named(asked.client_id) and (app is None or not app.vouched_for):
        app = documents.application(call, asked.client_id)
    if app is None:
        raise Malformed(apps.NO_APP)
    if not redirects.is_registered(asked.redirect_uri, app.redirect_uris):
        raise Malformed(BAD_REDIRECT)
    return app


def wanted(call: Call, app: App, asked: Asked) -> tuple[str, ...]:
    """The scopes of a request that is in order.

    Raises:
        GrantRefused: what the application is to be told.
    """
    if asked.unsupported:
        raise GrantRefused(asked.unsupported, "This hub does not take requests of this kind.")
    if asked.response_type != "code":
        raise GrantRefused("unsupported_response_type", "Ask with response_type=code.")
    if ("none" in asked.prompt and len(asked.prompt) > 1) or not asked.prompt <= PROMPTS:
        raise GrantRefused("invalid_request", "The prompt is none that this hub knows.")
    if len(asked.nonce) > LONGEST_NONCE:
        raise GrantRefused("invalid_request", f"A nonce has at most {LONGEST_NONCE} characters.")
    _require_challenge(call, app, asked)
    held = scopes.parsed(asked.scope) or scopes.parsed(DEFAULT_SCOPES)
    scopes.within(held, app.scopes)
    return held


def _require_challenge(call: Call, app: App, asked: Asked) -> None:
    """PKCE with S256, which is what keeps a stolen code worthless.

    The Python clients of the Hub know a secret and no PKCE: an application that somebody of this
    site answers for may show the one instead of the other, where the operator allows it.
    """
    by_secret = app.confidential and app.vouched_for and not call.hub.settings.oauth.pkce_always
    if asked.challenge or asked.challenge_method:
        plain = asked.challenge_method != "S256"
        if plain or not codes.CHALLENGE.fullmatch(asked.challenge):
            raise GrantRefused("invalid_request", "Send a code_challenge of the method S256.")
    elif not by_secret:
        raise GrantRefused("invalid_request", "This application must send a code_challenge.")
