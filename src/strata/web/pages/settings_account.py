"""The settings' front page: who the account is (product §2.2 P08)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.core.call import Call
from strata.core.errors import Unauthenticated
from strata.web.pages.visit import redirected, shown, visiting


async def index(request: Request) -> Response:
    """GET /settings and /settings/profile"""
    return redirected(request, "/settings/account")


async def account(request: Request) -> Response:
    """GET /settings/account"""
    visit, person = await visiting(request, lambda call: profiles.person(call, user_id_of(call)))
    return shown(request, "accounts/settings_account.html", visit, person=person)


def user_id_of(call: Call) -> int:
    """Who is logged in; access tokens have no say on settings pages.

    Raises:
        Unauthenticated: nobody is; the failure page leads to the log-in and back.
    """
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return call.actor.user_id
