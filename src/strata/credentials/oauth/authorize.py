"""What an application asks of a person through their browser, and what they answer (RFC 6749 §4.1).

First it is settled who asks and where the answer goes: as long as that is not certain, nobody is
sent anywhere, and the failure is shown here. Everything later is told to the application.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import sqlalchemy as sa

from strata.accounts import confirmed
from strata.core.call import Call, Work
from strata.core.errors import GrantRefused, Malformed
from strata.credentials.oauth import apps, claims, codes, consents, letters, redirects, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.consents import Consent
from strata.credentials.oauth.making import documents
from strata.events import outbox
from strata.events.facts import record
from strata.organizations.record import Membership
from strata.sessions.entering.sessions import PROVED_FOR
from strata.sessions.entering.tables import sessions

DEFAULT_SCOPES: Final = "openid profile"
LONGEST_NONCE: Final = 500
LEAST_AGE: Final = timedelta(minutes=1)  # a proof that was just given is fresh enough for anybody
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
NO_APP: Final = "There is no application with this client_id. Go back to it and tell its makers."
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


@dataclass(frozen=True, slots=True)
class Question:
    """What the person is asked."""

    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    memberships: list[Membership] = field(default_factory=list)
    proposed: frozenset[str] = frozenset()  # public ids of organisations, ticked beforehand


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be asked: the browser goes there."""

    location: str


@dataclass(frozen=True, slots=True)
class ProveFirst:
    """The application wants to know once more who sits there."""


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
        raise Malformed(NO_APP)
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
    held = scopes.parsed(asked.scope or DEFAULT_SCOPES)
    scopes.within(held, app.scopes)
    return held


def consider(call: Call, asked: Asked, app: App) -> Question | ProveFirst | None:
    """What to ask the person; None: they agreed to all of it before.

    Raises:
        GrantRefused: what the application is to be told.
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
    """
    held = wanted(call, app, asked)
    silent = "none" in asked.prompt
    if silent:
        _require_silent(call)
    user = consents.consenting(call)
    if "login" in asked.prompt or _is_stale(call, asked):
        if silent:
            raise GrantRefused("login_required", "The person must log in again.")
        return ProveFirst()
    consent = consents.of(call, app, user.id)
    if consent is not None and _is_settled(call, asked, app, consent, held):
        return None
    if silent:
        raise GrantRefused("consent_required", "The person has not agreed yet.")
    return _question(call, asked, app, consent, held)


def go_on(work: Work, asked: Asked, app: App) -> Settled:
    """Send the person back with a code, because they agreed before.

    Raises:
        GrantRefused: they took it back this very moment.
    """
    user = consents.consenting(work)
    held = wanted(work, app, asked)
    consent = consents.of(work, app, user.id)
    if consent is None or not _is_settled(work, asked, app, consent, held):
        raise GrantRefused("consent_required", "The person has not agreed yet.")
    mine = frozenset(one.organization.id for one in consents.organizations_of(work))
    places = tuple(place for place in consent.organizations if place in mine)
    return _with_code(work, asked, consent, held, places)


def allow(work: Work, asked: Asked, app: App, organizations: Iterable[str]) -> Settled:
    """The person says yes.

    Args:
        organizations: public ids of those that the application may enter too.

    Raises:
        the same as `consider`.
    """
    user = consents.consenting(work)
    held = wanted(work, app, asked)
    known = consents.of(work, app, user.id)
    places = consents.chosen(work, organizations)
    consent = consents.agree(work, app, user.id, held, places)
    detail = {"client_id": app.client_id, "scopes": " ".join(held)}
    record(work, "oauth.authorize", target=app.name, detail=detail)
    if known is None or not known.covers(held):
        for reader in confirmed.readers(work, user):
            outbox.post(work, letters.app_allowed(work, reader, app_name=app.name))
    return _with_code(work, asked, consent, held, places)


def deny(work: Work, asked: Asked, app: App) -> Settled:
    """The person says no.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
    """
    consents.consenting(work)
    record(work, "oauth.deny", target=app.name, detail={"client_id": app.client_id})
    return refused(work, asked, GrantRefused("access_denied", "The person said no."))


def refused(call: Call, asked: Asked, error: GrantRefused) -> Settled:
    """Send the browser back with what went wrong; only after `recognised`."""
    told = {"error": error.reason, "error_description": error.message}
    return _sent_back(call, asked, told)


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


def _require_silent(call: Call) -> None:
    """With `prompt=none` nobody is shown anything, not even the log-in."""
    if call.actor.session_id is None:
        raise GrantRefused("login_required", "Nobody is logged in.")
    if not call.actor.verified:
        raise GrantRefused("interaction_required", "The person must confirm their address first.")


def _is_stale(call: Call, asked: Asked) -> bool:
    """Whether the person proved who they are longer ago than the application accepts."""
    if asked.max_age_s is None:
        return False
    limit = max(timedelta(seconds=asked.max_age_s), LEAST_AGE)
    return call.now - entered_at(call) > limit


def _is_settled(
    call: Call, asked: Asked, app: App, consent: Consent, held: tuple[str, ...]
) -> bool:
    """Whether this very thing was agreed to, by a person who knows where it leads.

    Any program can listen on the person's own machine, and none of them can keep a secret: there
    the person is asked each time (RFC 8252 §8.6). A secret counts where it will be shown, or where
    somebody of this site answers for the application.
    """
    by_secret = app.confidential and (app.vouched_for or not asked.challenge)
    surely = by_secret or asked.redirect_uri.startswith("https://")
    asks_anew = asked.prompt & {"consent", "select_account"}
    proposed = frozenset(consents.chosen(call, asked.organizations))
    known = consent.covers(held) and proposed <= frozenset(consent.organizations)
    return surely and known and not asks_anew


def _question(
    call: Call, asked: Asked, app: App, consent: Consent | None, held: tuple[str, ...]
) -> Question:
    memberships = consents.organizations_of(call)
    before = frozenset(consent.organizations if consent else ())
    proposed = frozenset(asked.organizations) | {
        one.organization.public_id for one in memberships if one.organization.id in before
    }
    return Question(app, held, asked.redirect_uri, memberships, proposed)


def entered_at(call: Call) -> datetime:
    """When the person of this session last proved who they are."""
    if call.actor.proved_until is not None:
        return min(call.now, call.actor.proved_until - PROVED_FOR)
    began: datetime | None = call.db.scalar(
        sa.select(sessions.c.created_at).where(sessions.c.id == call.actor.session_id)
    )
    return began or call.now


def _with_code(
    work: Work, asked: Asked, consent: Consent, held: tuple[str, ...], places: tuple[int, ...]
) -> Settled:
    bound = codes.Bound(
        scopes=held,
        organizations=places,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        nonce=asked.nonce,
        entered_at=entered_at(work),
    )
    return _sent_back(work, asked, {"code": codes.issue(work, consent, bound)})


def _sent_back(call: Call, asked: Asked, told: dict[str, str]) -> Settled:
    """The address of the application with our answer, and who answers (RFC 9207)."""
    parts = urlsplit(asked.redirect_uri)
    query = urlencode(
        told | ({"state": asked.state} if asked.state else {}) | {"iss": claims.issuer(call)}
    )
    joined = f"{parts.query}&{query}" if parts.query else query
    return Settled(
        urlunsplit((parts.scheme, parts.netloc, parts.path or "/", joined, ""))
        if parts.netloc
        else f"{asked.redirect_uri}{'&' if parts.query else '?'}{query}"
    )
