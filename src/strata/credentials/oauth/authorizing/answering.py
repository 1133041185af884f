"""What the person answers, and how their browser tells the application (RFC 6749 §4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from strata.accounts import confirmed
from strata.core.call import Call, Work
from strata.core.errors import GrantRefused
from strata.credentials.oauth import consents, letters
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.authorizing import codes
from strata.credentials.oauth.authorizing.question import entered_at, is_settled
from strata.credentials.oauth.authorizing.requests import Asked, wanted
from strata.credentials.oauth.consents import Consent
from strata.credentials.oauth.openid import claims
from strata.events import outbox
from strata.events.facts import record
from strata.sessions.signed_in.still import require_still


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be asked: the browser goes there."""

    location: str


def go_on(work: Work, asked: Asked, app: App) -> Settled:
    """Send the person back with a code, because they agreed before.

    Raises:
        GrantRefused: they took it back this very moment.
    """
    user = consents.consenting(work)
    held = wanted(work, app, asked)
    require_still(work)  # so that nobody takes back, meanwhile, what is given here
    consent = consents.of(work, app, user.id)
    if consent is None or not is_settled(work, asked, app, consent, held):
        raise GrantRefused("consent_required", "The person has not agreed yet.")
    mine = frozenset(one.organization.id for one in consents.organizations_of(work))
    places = tuple(place for place in consent.organizations if place in mine)
    return _with_code(work, asked, consent, held, places)


def allow(work: Work, asked: Asked, app: App, organizations: Iterable[str]) -> Settled:
    """The person says yes.

    Args:
        organizations: public ids of those that the application may enter too.

    Raises:
        the same as `asking.consider`.
    """
    user = consents.consenting(work)
    held = wanted(work, app, asked)
    require_still(work)
    known = consents.of(work, app, user.id)
    places = consents.chosen(work, organizations)
    consent = consents.agree(work, app, user.id, held, places)
    told = {"client_id": app.client_id, "scopes": " ".join(held), "organizations": len(places)}
    record(work, "oauth.authorize", target=app.name, detail=told)
    more = known is None or not known.covers(held) or not set(places) <= set(known.organizations)
    if more:
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
    """Send the browser back with what went wrong; only after `request.recognised`."""
    told = {"error": error.reason, "error_description": error.message}
    return _sent_back(call, asked, told)


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
