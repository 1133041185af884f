"""Log in and out (product §2.2 P03)."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.entering import csrf, login as log_ins, sessions
from strata.accounts.entering.entry import Browser, LoggedIn
from strata.accounts.entering.login import LogIn
from strata.accounts.standing import MUST_RESET
from strata.core.call import Call, working
from strata.core.errors import AccountSuspended, BadCredentials, Forbidden, Malformed, TooMany
from strata.web.auth import session_cookie_name
from strata.web.pages.account_phrases import phrase, wait_text
from strata.web.pages.entering.agreeing import PAGE as AGREE
from strata.web.pages.form_body import STALE_FORM, Form, form_of, submitted
from strata.web.pages.visit import (
    device_cookie,
    drop_cookie,
    enter,
    know,
    redirected,
    safe_next,
    session_cookie,
    shown,
    visit_of,
)
from strata.web.work import hub_of, read


async def page(request: Request) -> Response:
    """GET /login"""
    visit = await visit_of(request)
    onward = safe_next(request.query_params.get("next", "/"))
    if visit.frame.viewer:
        return redirected(request, onward, notice="logged-in")
    return shown(request, "accounts/login.html", visit, next=onward, form={}, error="",
                 providers=hub_of(request).providers)  # fmt: skip


async def submit(request: Request) -> Response:
    """POST /login"""
    form = await form_of(request)
    try:
        _, entered = await submitted(request, form, lambda call, sent: _log_in(call, request, sent))
    except BadCredentials as error:
        return await _again(request, form, error.message)
    except AccountSuspended as error:
        return await _again(request, form, "auth.closed", reason=error.reason)
    except Forbidden as error:
        if error.message != MUST_RESET:
            raise
        return await _again(request, form, error.message)
    except TooMany as error:
        return await _again(request, form, "auth.waiting", wait_s=error.retry_after_s)
    return welcomed(request, entered, safe_next(form.get("next", "/")))


def welcomed(request: Request, entered: LoggedIn, onward: str) -> Response:
    """Give the browser its session and lead it on, past the documents if they changed.

    Args:
        onward: a page of ours (`safe_next`).
    """
    if entered.must_agree:
        onward = f"{AGREE}?{urlencode({'next': onward})}"
    answer = redirected(request, onward)
    enter(request, answer, entered.session)
    know(request, answer, entered.device)
    return answer


def browser_of(request: Request, *, remember: bool) -> Browser:
    """What the browser of a log-in brings along."""
    return Browser(remember, session_cookie(request) or None, device_cookie(request))


async def leave(request: Request) -> Response:
    """POST /logout

    A browser that sends no session cookie is left alone: another site's form comes without it, and
    must not make the browser drop it. A session that is over already may still be left.
    """
    form = await form_of(request)
    if not session_cookie(request):
        return redirected(request, "/")
    await read(request, lambda call: _log_out(call, form))
    answer = redirected(request, "/", notice="logged-out")
    drop_cookie(request, answer, session_cookie_name(hub_of(request)))
    return answer


def _log_in(call: Call, request: Request, form: Form) -> LoggedIn:
    return log_ins.log_in(
        call,
        LogIn(
            identifier=form.get("username", ""),
            password=form.get("password", ""),
            browser=browser_of(request, remember="remember" in form),
        ),
    )


def _log_out(call: Call, form: Form) -> None:
    if call.actor.session_id is None:
        return
    if not csrf.is_genuine(call.hub, call.actor.session_mark, form.get("csrf_token", "")):
        raise Malformed(STALE_FORM)
    with working(call) as work:
        sessions.log_out(work)


async def _again(
    request: Request, form: Form, key: str, *, wait_s: int = 0, reason: str = ""
) -> Response:
    visit = await visit_of(request)
    language = visit.frame.language
    error = phrase(language, key, t=wait_text(language, wait_s))
    if reason:
        error += " " + phrase(language, "auth.closed_because", reason=reason)
    return shown(
        request,
        "accounts/login.html",
        visit,
        status=429 if wait_s else 200,
        headers={"Retry-After": str(wait_s)} if wait_s else None,
        next=safe_next(form.get("next", "/")),
        providers=hub_of(request).providers,
        form=form,
        error=error,
    )
