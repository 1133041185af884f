"""Another password, in the settings (product P09, §3.13)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.membership import recovery
from strata.sessions.passwords.changing import Change, change_password
from strata.sessions.signed_in.sessions import Started
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected, user_id_of, visiting
from strata.web.pages.settings.authentication import page as authentication
from strata.web.pages.words.account import told
from strata.web.work import exchange


async def change(request: Request) -> Response:
    """POST /settings/authentication/password"""
    form = await form_of(request)
    try:
        _, session = await submitted(request, form, _change)
    except InvalidFields as error:
        visit, held = await visiting(request, authentication.read)
        return authentication.show(request, visit, held, told(visit.frame.language, error))
    exchange(request).renewed = session
    return redirected(request, authentication.PAGE, notice="password-changed")


async def ask(request: Request) -> Response:
    """POST /settings/authentication/password/mail — for an account that never had one"""
    form = await form_of(request)
    await submitted(request, form, _ask)
    return redirected(request, authentication.PAGE, notice="reset-sent")


def _change(call: Call, form: Form) -> Started:
    wanted = Change(
        current=form.get("current_password", ""),
        password=form.get("password", ""),
        keep_others="keep_others" in form,
    )
    return change_password(call, wanted)


def _ask(call: Call, _: Form) -> None:
    user_id_of(call)
    recovery.ask(call, call.actor.name or "")
