"""How somebody gets in: the page of password, sessions and what others add (product P09).

Each section has a template in `accounts/authentication/` and a function that reads what it shows.
Its forms go to handlers in modules of their own, which come back here when something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.settings.providers import LoginProvider
from strata.lib.places import Place
from strata.repos.publishers.manage import Publisher, for_person
from strata.repos.publishers.rules import issuers
from strata.sessions.identities.linking import Identity, identities_of
from strata.sessions.passwords import changing
from strata.sessions.signed_in import browsers, sessions
from strata.web.pages.frame import onward
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.pages.settings.authentication import factors, passkeys
from strata.web.pages.words.account import NOTHING_WRONG, Told

PAGE: Final = "/settings/authentication"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page."""

    name: str  # of its template, and of the variable that its template reads
    read: Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that is logged in."""

    id: int
    browser: str  # "Firefox on Linux"
    ip: str
    place: Place | None
    created_at: datetime
    seen_at: datetime
    here: bool  # it is the one that looks


def _password(call: Call) -> changing.Password:
    return changing.password_of(call, user_id_of(call))


def _sessions(call: Call) -> list[OpenSession]:
    return [
        OpenSession(
            id=one.id,
            browser=browsers.family_of(one.user_agent),
            ip=one.ip,
            place=call.hub.place_of(one.ip),
            created_at=one.created_at,
            seen_at=one.seen_at,
            here=one.id == call.actor.session_id,
        )
        for one in sessions.of(call, user_id_of(call))
    ]


@dataclass(frozen=True, slots=True)
class Identities:
    """Other sites that open the account, and those that could."""

    held: list[Identity]
    providers: tuple[LoginProvider, ...]


def _identities(call: Call) -> Identities:
    names = {one.id: one.name for one in call.hub.providers}
    held = [
        replace(one, provider=names.get(one.provider, one.provider))
        for one in identities_of(call, user_id_of(call))
    ]
    return Identities(held, call.hub.providers)


def one_error(visit: Visit, sentence: str) -> Told:
    """What is wrong with a form that has no field to show it beside."""
    return Told((("", sentence),), visit.frame.language)


@dataclass(frozen=True, slots=True)
class Publishers:
    """Jobs of CI services that may read for the person."""

    held: list[Publisher]
    issuers: tuple[str, ...]


def _publishers(call: Call) -> Publishers:
    held = for_person(call) if call.actor.verified else []
    return Publishers(held, issuers(call.hub))


SECTIONS: Final = (
    Section("password", _password),
    Section("two_factor", factors.section),
    Section("passkeys", passkeys.section),
    Section("identities", _identities),
    Section("sessions", _sessions),
    Section("remembered", passkeys.remembered_section),
    Section("publishers", _publishers),
    Section("security_log", user_id_of),  # a link to a page of its own
)


async def page(request: Request) -> Response:
    """GET /settings/authentication"""
    visit, held = await visiting(request, read)
    going_on = onward.waiting(request) if held["two_factor"].held.any else ""
    answer = show(request, visit, held, going_on=going_on)
    return onward.forget(request, answer) if going_on else onward.remember(request, answer)


def read(call: Call) -> Mapping[str, Any]:
    """What the sections show."""
    user_id_of(call)
    return {section.name: section.read(call) for section in SECTIONS}


def show(
    request: Request,
    visit: Visit,
    held: Mapping[str, Any],
    errors: Told = NOTHING_WRONG,
    *,
    going_on: str = "",
) -> Response:
    """The page, with what is wrong with one of its forms.

    Args:
        going_on: where the visitor was going when a second factor was asked for.
    """
    return shown(
        request,
        "accounts/authentication.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        sections=[section.name for section in SECTIONS],
        errors=errors,
        going_on=going_on,
        **held,
    )
