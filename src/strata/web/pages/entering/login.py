"""Log in and out (product §2.2 P03)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors.halfway import LIFE, Ticket
from strata.accounts.puzzles import Done
from strata.accounts.standing import MUST_RESET
from strata.core.call import Call
from strata.core.errors import (
    AccountSuspended,
    BadCredentials,
    Forbidden,
    InvalidFields,
    Locked,
    StrataError,
    TooMany,
    WorkNeeded,
)
from strata.sessions.entering import crowded, login as log_ins, waiting
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.entering.login import LogIn
from strata.sessions.entering.waiting import Waiting
from strata.sessions.protecting import finishing
from strata.web.auth import cookie_name
from strata.web.errors import status_of
from strata.web.pages.entering.agreeing import PAGE as AGREE
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.cookies import (
    REMEMBERED,
    device_cookie,
    enter,
    form_cookie_name,
    know,
    session_cookie,
    set_cookie,
)
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, safe_next, shown, visit_of
from strata.web.pages.words.account import CLOSED, closed_text, phrase, wait_text
from strata.web.work import hub_of, read

SECOND: Final = "/login/2fa"
REFUSALS: Final = (BadCredentials, Forbidden, TooMany)
HALFWAY: Final = "halfway"  # the cookie of a browser that has shown one of two factors
MAILED: Final = "/login/mailed"
WAITING: Final = "waiting"  # the cookie of a browser whose log-in waits for a link, and where to
LONGEST_ONWARD: Final = 2000  # characters that fit into it beside the rest


async def page(request: Request) -> Response:
    """GET /login"""
    visit = await visit_of(request)
    onward = safe_next(request.query_params.get("next", "/"))
    if visit.frame.viewer:
        return redirected(request, onward, notice="logged-in")
    return await _form(request, visit, {"next": onward})


async def submit(request: Request) -> Response:
    """POST /login"""
    form = await form_of(request)
    try:
        _, entered = await submitted(request, form, lambda call, sent: _log_in(call, request, sent))
    except REFUSALS as error:
        return await refused(request, form, error)
    return arrived(request, entered, safe_next(form.get("next", "/")))


def arrived(request: Request, entered: LoggedIn | Ticket | Waiting, onward: str) -> Response:
    """Let the browser in, or lead it to the second factor, or have it wait for a mail.

    Args:
        onward: a page of ours (`safe_next`).
    """
    if isinstance(entered, Waiting):
        return _waits(request, entered, onward)
    if isinstance(entered, Ticket):
        return asked(request, entered, onward)
    return welcomed(request, entered, onward)


async def by_passkey(request: Request) -> Response:
    """POST /login/passkey"""
    form = await form_of(request)
    browser = browser_of(request, remember=form.get("remember") == "on")
    answer = form.get("passkey", "")
    try:
        _, entered = await submitted(
            request,
            form,
            lambda call, sent: finishing.enter_by_passkey(call, answer, browser, _worked(sent)),
        )
    except InvalidFields as error:
        return await again(request, form, error, "auth.bad_passkey")
    except WorkNeeded as error:
        return await again(request, form, error, "auth.passkey_work")
    except REFUSALS as error:
        return await refused(request, form, error)
    return welcomed(request, entered, safe_next(form.get("next", "/")))


async def refused(request: Request, form: Form, error: StrataError) -> Response:
    """Back to the log-in: a wrong password, too many tries, or an account that is closed."""
    match error:
        case WorkNeeded():
            return await again(request, form, error, "auth.work_or_wait")
        case Locked():
            return await again(request, form, error, "auth.locked")
        case TooMany():
            return await again(request, form, error, "auth.waiting")
        case AccountSuspended():
            return await again(request, form, error, CLOSED)
        case Forbidden() if error.message != MUST_RESET:
            raise error
        case _:
            return await again(request, form, error, error.message)


def asked(request: Request, ticket: Ticket, onward: str) -> Response:
    """Lead a browser that came half the way to the second factor.

    Args:
        onward: a page of ours (`safe_next`).
    """
    answer = redirected(request, f"{SECOND}?{urlencode({'next': onward})}")
    life = int(LIFE.total_seconds())
    set_cookie(request, answer, cookie_name(hub_of(request), HALFWAY), ticket.value, max_age=life)
    return answer


def _waits(request: Request, held: Waiting, onward: str) -> Response:
    answer = redirected(request, f"{MAILED}?{urlencode({'next': onward})}")
    kept = quote(onward, safe="")
    value = f"{held.value}:{kept if len(kept) <= LONGEST_ONWARD else ''}"
    life = int(waiting.LIFE.total_seconds())
    set_cookie(request, answer, cookie_name(hub_of(request), WAITING), value, max_age=life)
    return answer


def welcomed(request: Request, entered: LoggedIn, onward: str) -> Response:
    """Give the browser its session and lead it on, past the documents if they changed.

    Args:
        onward: a page of ours (`safe_next`).
    """
    if entered.must_agree:
        onward = f"{AGREE}?{urlencode({'next': onward})}"
    answer = redirected(request, onward, notice="password-old" if entered.old_password else "")
    enter(request, answer, entered.session)
    know(request, answer, entered.device)
    return answer


def browser_of(request: Request, *, remember: bool) -> Browser:
    """What the browser of a log-in brings along."""
    name = cookie_name(hub_of(request), REMEMBERED)
    return Browser(
        remember=remember,
        replaces=session_cookie(request) or None,
        device=device_cookie(request),
        remembered=request.cookies.get(name, ""),
        forms=request.cookies.get(form_cookie_name(request), ""),
    )


def _log_in(call: Call, request: Request, form: Form) -> LoggedIn | Ticket | Waiting:
    return log_ins.log_in(
        call,
        LogIn(
            identifier=form.get("username", ""),
            password=form.get("password", ""),
            browser=browser_of(request, remember="remember" in form),
            work=_worked(form),
        ),
    )


def _worked(form: Form) -> Done:
    return Done(form.get("work_ticket", ""), form.get("work", ""))


async def again(request: Request, form: Form, error: StrataError, key: str) -> Response:
    """The log-in once more, with what went wrong; its status is that of what was refused.

    Browsers offer to keep a password unless the answer to it says that it was wrong, and whoever
    watches a log looks at statuses.
    """
    visit = await visit_of(request)
    request.scope["refused"] = error
    language = visit.frame.language
    if isinstance(error, AccountSuspended):
        said = closed_text(language, error.reason, hub_of(request).settings.contact)
    else:
        wait_s = error.retry_after_s if isinstance(error, TooMany) else 0
        said = phrase(language, key, t=wait_text(language, wait_s))
    return await _form(request, visit, form, error, said)


async def _form(
    request: Request, visit: Visit, form: Form, refused: StrataError | None = None, said: str = ""
) -> Response:
    passkey, asked, passkey_asked = await read(
        request,
        lambda call: (
            finishing.passkey_options(call, visit.form_cookie),
            crowded.work_asked(call),
            crowded.passkey_work_asked(call),
        ),
    )
    wait_s = refused.retry_after_s if isinstance(refused, TooMany) else 0
    return shown(
        request,
        "accounts/login.html",
        visit,
        status=status_of(refused, anonymous=False) if refused else 200,
        headers={"Retry-After": str(wait_s)} if wait_s else None,
        wait_s=wait_s,
        next=safe_next(form.get("next", "/")),
        providers=hub_of(request).providers,
        form=form,
        error=said,
        passkey=passkey,
        puzzle=asked,
        passkey_puzzle=passkey_asked,
    )
