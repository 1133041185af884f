"""What the person is to be asked before an application is let in, if anything.

Nothing, when they agreed to all of it before; or first to prove once more who sits there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.errors import GrantRefused, StrataError
from strata.credentials.oauth import consents
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.authorizing.requests import Asked, wanted
from strata.credentials.oauth.consents import Consent
from strata.organizations.record import Membership
from strata.sessions.signed_in.sessions import PROVED_FOR
from strata.sessions.signed_in.tables import sessions

LEAST_AGE: Final = timedelta(minutes=1)  # a proof that was just given is fresh enough for anybody


@dataclass(frozen=True, slots=True)
class Question:
    """What the person is asked."""

    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    memberships: list[Membership] = field(default_factory=list)
    proposed: frozenset[str] = frozenset()  # public ids of organisations, ticked beforehand


@dataclass(frozen=True, slots=True)
class ProveFirst:
    """The application wants to know once more who sits there."""


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
    if consent is not None and is_settled(call, asked, app, consent, held):
        return None
    if silent:
        raise GrantRefused("consent_required", "The person has not agreed yet.")
    return _question(call, asked, app, consent, held)


def entered_at(call: Call) -> datetime:
    """When the person of this session last proved who they are."""
    if call.actor.proved_until is not None:
        return min(call.now, call.actor.proved_until - PROVED_FOR)
    began: datetime | None = call.db.scalar(
        sa.select(sessions.c.created_at).where(sessions.c.id == call.actor.session_id)
    )
    return began or call.now


def _require_silent(call: Call) -> None:
    """With `prompt=none` nobody is shown anything, not even the log-in or why they have to wait."""
    if call.actor.session_id is None:
        raise GrantRefused("login_required", "Nobody is logged in.")
    try:
        consents.consenting(call)
    except StrataError as error:
        raise GrantRefused("interaction_required", error.message) from error


def _is_stale(call: Call, asked: Asked) -> bool:
    """Whether the person proved who they are longer ago than the application accepts."""
    if asked.max_age_s is None:
        return False
    limit = max(timedelta(seconds=asked.max_age_s), LEAST_AGE)
    return call.now - entered_at(call) > limit


def is_settled(call: Call, asked: Asked, app: App, consent: Consent, held: tuple[str, ...]) -> bool:
    """Whether this very thing was agreed to, by a person who knows where it leads.

    Any program can listen on the person's own machine, and none of them can keep a secret: there
    the person is asked each time (RFC 8252 §8.6). A secret counts where it will be shown, or where
    somebody of this site answers for the application, and for this very port.
    """
    named = app.vouched_for and asked.redirect_uri in app.redirect_uris
    by_secret = app.confidential and (named or not asked.challenge)
    surely = by_secret or asked.redirect_uri.startswith("https://")
    asks_anew = asked.prompt & {"consent", "select_account"}
    proposed = frozenset(consents.chosen(call, asked.organizations))
    known = consent.covers_there(held) and proposed <= frozenset(consent.organizations)
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
