"""A log-in from an unknown browser goes on with a link by mail (product §3.6, P03)."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors.halfway import Ticket
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.sessions.entering import confirming, waiting
from strata.sessions.entering.entry import LoggedIn
from strata.sessions.entering.waiting import LIFE, Outcome, Waiting
from strata.web.auth import cookie_name
from strata.web.pages.entering import login
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import drop_cookie, form_cookie_name
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import safe_next, shown, visit_of, visiting
from strata.web.work import field, hub_of

_STATUS: Final = {Outcome.OVER: 404}


async def page(request: Request) -> Response:
    """GET /login/mailed — says the same to everybody, and knows nothing of anybody"""
    visit = await visit_of(request)
    onward = urlencode({"next": safe_next(request.query_params.get("next", "/"))})
    minutes = int(LIFE.total_seconds()) // 60
    return shown(
        request, "accounts/mailed.html", visit, cache=NO_STORE, query=onward, minutes=minutes
    )


async def look_at_link(request: Request) -> Response:
    """GET /login/confirm/{token} — changes nothing: mail scanners open links too."""
    link, held = field(request, "token"), _held(request)
    visit, outcome = await visiting(request, lambda call: waiting.look(call, link, held))
    return _shown(request, visit, outcome)


async def confirm(request: Request) -> Response:
    """POST /login/confirm/{token}"""
    form = await form_of(request)
    link, held = field(request, "token"), _held(request)
    browser = login.browser_of(request, remember=False)

    def act(call: Call, _form: object) -> LoggedIn | Ticket:
        return confirming.confirm(call, link, held, browser)

    try:
        _, entered = await submitted(request, form, act)
    except NotFound:
        return await look_at_link(request)
    except login.REFUSALS as error:
        return await login.refused(request, form, error)
    answer = login.arrived(request, entered, _onward(request))
    drop_cookie(request, answer, cookie_name(hub_of(request), login.WAITING))
    return answer


def _shown(request: Request, visit: Visit, outcome: Outcome) -> Response:
    return shown(
        request,
        "accounts/confirm_log_in.html",
        visit,
        status=_STATUS.get(outcome, 200),
        cache=NO_STORE,
        outcome=outcome.value,
    )


def _held(request: Request) -> Waiting:
    value, _, _ = _cookie(request).partition(":")
    return Waiting(value, request.cookies.get(form_cookie_name(request), ""))


def _onward(request: Request) -> str:
    _, _, onward = _cookie(request).partition(":")
    return safe_next(unquote(onward) or "/")


def _cookie(request: Request) -> str:
    return request.cookies.get(cookie_name(hub_of(request), login.WAITING), "")
