"""The authenticator app and the recovery codes in the settings (product P09, §3.12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors import codes, held
from strata.accounts.factors.totp import SettingUp
from strata.core.call import Call
from strata.core.errors import InvalidFields, NotFound
from strata.sessions.protecting import changing, removal
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import exchange

PAGE: Final = "/settings/authentication"
AUTHENTICATOR: Final = "/settings/authentication/authenticator"
_NO_FILE_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class TwoFactor:
    """What the section shows."""

    held: held.Held
    codes: codes.Codes
    removal: removal.Removal | None
    wait_hours: int


def section(call: Call) -> TwoFactor:
    """What is set up."""
    user_id = user_id_of(call)
    return TwoFactor(
        held=held.of(call, user_id),
        codes=codes.of(call, user_id),
        removal=removal.of(call, user_id),
        wait_hours=call.hub.settings.accounts.factor_removal_hours,
    )


async def begin(request: Request) -> Response:
    """POST /settings/authentication/authenticator"""
    form = await form_of(request)
    act = in_transaction(changing.begin_authenticator)
    await submitted(request, form, lambda call, _: act(call))
    return redirected(request, AUTHENTICATOR)


async def setting_up(request: Request) -> Response:
    """GET /settings/authentication/authenticator — where none is being set up, that is begun"""
    try:
        visit, waiting = await visiting(request, changing.authenticator)
    except NotFound:
        return redirected(request, PAGE)
    return _setting_up(request, visit, waiting)


async def turn_on(request: Request) -> Response:
    """POST /settings/authentication/authenticator/confirm"""
    form = await form_of(request)
    code = form.get("code", "")
    try:
        visit, changed = await submitted(
            request, form, lambda call, _: changing.turn_on(call, code)
        )
    except InvalidFields as error:
        visit, waiting = await visiting(request, changing.authenticator)
        return _setting_up(request, visit, waiting, told(visit.frame.language, error))
    return answered(request, visit, changed, "factor-on")


async def turn_off(request: Request) -> Response:
    """POST /settings/authentication/authenticator/remove"""
    return await _changed(request, in_transaction(changing.turn_off), "factor-off")


async def renew_codes(request: Request) -> Response:
    """POST /settings/authentication/recovery-codes"""
    return await _changed(request, changing.renew_codes, "factor-on")


async def cancel(request: Request) -> Response:
    """POST /settings/authentication/removal/cancel"""
    form = await form_of(request)
    act = in_transaction(changing.cancel_removal)
    await submitted(request, form, lambda call, _: act(call))
    return redirected(request, PAGE, notice="removal-cancelled")


def answered(request: Request, visit: Visit, changed: changing.Changed, notice: str) -> Response:
    """Show new recovery codes, this once; without any lead back to the settings."""
    exchange(request).renewed = changed.session
    if not changed.codes:
        return redirected(request, PAGE, notice=notice)
    lines = "".join(f"{code}\r\n" for code in changed.codes)
    return shown(
        request,
        "accounts/recovery_codes.html",
        visit,
        cache=NO_STORE,
        codes=changed.codes,
        file_name=f"{_file_name(visit.frame.site_name)}-recovery-codes.txt",
        elsewhere=f"data:text/plain;charset=utf-8,{quote(lines)}",
    )


async def _changed(
    request: Request, act: Callable[[Call], changing.Changed], notice: str
) -> Response:
    form = await form_of(request)
    visit, changed = await submitted(request, form, lambda call, _: act(call))
    return answered(request, visit, changed, notice)


def _setting_up(
    request: Request, visit: Visit, waiting: SettingUp, errors: Told = NOTHING_WRONG
) -> Response:
    code = segno.make(waiting.address, error="m", micro=False)
    picture = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=False)
    return shown(
        request,
        "accounts/authenticator.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        picture=Markup(picture),  # noqa: S704 — made of squares; the address is in no text of it
        secret=" ".join(re.findall(".{4}", waiting.secret)),
        elsewhere=waiting.address,
        errors=errors,
    )


def _file_name(site: str) -> str:
    return _NO_FILE_NAME.sub("-", site.lower()).strip("-") or "site"
