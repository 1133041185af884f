"""The second half of a log-in: a code, a passkey, or a recovery code (product P03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors.halfway import Ticket
from strata.accounts.factors.remembered import LIFE
from strata.core.call import Call
from strata.core.errors import InvalidFields, NotFound
from strata.sessions.protecting import finishing
from strata.sessions.protecting.finishing import Second
from strata.web.auth import cookie_name
from strata.web.pages.entering import login
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import REMEMBERED, drop_cookie, form_cookie_name, set_cookie
from strata.web.pages.frame.visit import redirected, safe_next, shown, visiting
from strata.web.pages.words.account import NOTHING_WRONG, told
from strata.web.work import hub_of

RECOVERY: Final = "/login/recovery"
_TEMPLATES: Final = {
    login.SECOND: "accounts/second.html",
    RECOVERY: "accounts/second_recovery.html",
}


async def page(request: Request) -> Response:
    """GET /login/2fa"""
    return await _page(request, login.SECOND, request.query_params.get("next", "/"))


async def submit(request: Request) -> Response:
    """POST /login/2fa"""
    return await _finish(request, login.SECOND, _by_app)


async def recovery_page(request: Request) -> Response:
    """GET /login/recovery"""
    return await _page(request, RECOVERY, request.query_params.get("next", "/"))


async def submit_recovery(request: Request) -> Response:
    """POST /login/recovery"""
    return await _finish(request, RECOVERY, _by_recovery)


def _by_app(form: Form) -> Second:
    remember = form.get("remember_device") == "on"
    return Second(form.get("code", ""), "", form.get("passkey", ""), remember)


def _by_recovery(form: Form) -> Second:
    return Second(recovery_code=form.get("recovery_code", "") or "-")


async def _finish(request: Request, place: str, shows: Callable[[Form], Second]) -> Response:
    form = await form_of(request)
    ticket, browser = _ticket(request), login.browser_of(request, remember=False)

    def act(call: Call, sent: Form) -> finishing.Finished:
        return finishing.finish(call, ticket, shows(sent), browser)

    try:
        _, finished = await submitted(request, form, act)
    except InvalidFields as error:
        return await _page(request, place, form.get("next", "/"), error)
    except NotFound:
        return _over(request, form.get("next", "/"))
    except login.REFUSALS as error:
        return await login.refused(request, form, error)
    return _welcomed(request, finished, safe_next(form.get("next", "/")))


def _welcomed(request: Request, finished: finishing.Finished, onward: str) -> Response:
    answer = login.welcomed(request, finished.entered, onward)
    drop_cookie(request, answer, cookie_name(hub_of(request), login.HALFWAY))
    if finished.remembered:
        name, life = cookie_name(hub_of(request), REMEMBERED), int(LIFE.total_seconds())
        set_cookie(request, answer, name, finished.remembered, max_age=life)
    return answer


async def _page(
    request: Request, place: str, onward: str, error: InvalidFields | None = None
) -> Response:
    ticket = _ticket(request)
    visit, asked = await visiting(request, lambda call: finishing.asked(call, ticket))
    if asked is None:
        return _over(request, onward)
    errors = told(visit.frame.language, error) if error else NOTHING_WRONG
    return shown(
        request,
        _TEMPLATES[place],
        visit,
        status=400 if error else 200,
        cache=NO_STORE,
        asked=asked,
        errors=errors,
        next=safe_next(onward),
        query=urlencode({"next": safe_next(onward)}),
    )


def _over(request: Request, onward: str) -> Response:
    to_login = f"/login?{urlencode({'next': safe_next(onward)})}"
    return redirected(request, to_login, notice="login-over")


def _ticket(request: Request) -> Ticket:
    return Ticket(
        request.cookies.get(cookie_name(hub_of(request), login.HALFWAY), ""),
        request.cookies.get(form_cookie_name(request), ""),
    )
