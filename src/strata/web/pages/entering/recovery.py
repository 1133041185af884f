"""Forgotten passwords (product P05)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import InvalidFields, NotFound
from strata.membership import recovery
from strata.sessions.passwords import reset
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visit_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field


async def page(request: Request) -> Response:
    """GET /forgot-password — and what everybody reads who asked"""
    visit = await visit_of(request)
    sent = "sent" in request.query_params
    return shown(request, "accounts/forgot_password.html", visit, cache=NO_STORE, sent=sent)


async def ask(request: Request) -> Response:
    """POST /forgot-password"""
    form = await form_of(request)
    await submitted(request, form, lambda call, sent: recovery.ask(call, sent.get("username", "")))
    return redirected(request, "/forgot-password?sent=1")


async def look_at_link(request: Request) -> Response:
    """GET /reset-password/{token} — changes nothing: mail scanners open links too."""
    link = field(request, "token")
    visit, user = await visiting(request, lambda call: reset.owner_of_link(call, link))
    return _form(request, visit) if user is not None else _dead(request, visit)


async def choose(request: Request) -> Response:
    """POST /reset-password/{token}"""
    form = await form_of(request)
    link = field(request, "token")
    try:
        await submitted(request, form, lambda call, sent: _choose(call, link, sent))
    except NotFound:
        return _dead(request, await visit_of(request))
    except InvalidFields as error:
        visit = await visit_of(request)
        return _form(request, visit, form, told(visit.frame.language, error))
    return redirected(request, "/login", notice="password-chosen")


def _choose(call: Call, link: str, form: Form) -> None:
    wanted = recovery.NewPassword(
        password=form.get("password", ""),
        sign_out="sign_out" in form,
        revoke_tokens="revoke_tokens" in form,
    )
    recovery.choose(call, link, wanted)


def _form(
    request: Request, visit: Visit, form: Form | None = None, errors: Told = NOTHING_WRONG
) -> Response:
    return shown(
        request,
        "accounts/reset_password.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        errors=errors,
        sign_out=form is None or "sign_out" in form,
        revoke_tokens=form is not None and "revoke_tokens" in form,
    )


def _dead(request: Request, visit: Visit) -> Response:
    return shown(request, "accounts/reset_dead.html", visit, status=404, cache=NO_STORE)
