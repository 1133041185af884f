"""Passkeys, and browsers that need no second factor, in the settings (product P09, §3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors import passkeys, remembered
from strata.accounts.factors.challenges import place_of
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.lib.places import Place
from strata.sessions.protecting import changing
from strata.sessions.signed_in import browsers
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.settings.authentication.factors import PAGE, answered
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import exchange

LONGEST_ID: Final = 18  # digits


@dataclass(frozen=True, slots=True)
class Passkeys:
    """What the section shows."""

    held: list[passkeys.Passkey]
    possible: bool  # browsers have passkeys at this address


@dataclass(frozen=True, slots=True)
class RememberedBrowser:
    """A browser that passes with the password alone."""

    id: int
    browser: str  # "Firefox on Linux"
    ip: str
    place: Place | None
    created_at: datetime
    expires_at: datetime


def section(call: Call) -> Passkeys:
    """The passkeys of the signed-in person."""
    return Passkeys(passkeys.of(call, user_id_of(call)), place_of(call) is not None)


def remembered_section(call: Call) -> list[RememberedBrowser]:
    """The remembered browsers of the signed-in person."""
    return [
        RememberedBrowser(
            id=one.id,
            browser=browsers.family_of(one.user_agent),
            ip=one.ip,
            place=call.hub.place_of(one.ip),
            created_at=one.created_at,
            expires_at=one.expires_at,
        )
        for one in remembered.of(call, user_id_of(call))
    ]


async def new(request: Request) -> Response:
    """GET /settings/authentication/passkeys/new"""
    visit, options = await visiting(request, changing.passkey_options)
    return _new(request, visit, options)


async def add(request: Request) -> Response:
    """POST /settings/authentication/passkeys/new"""
    form = await form_of(request)
    answer, name = form.get("passkey", ""), form.get("name", "")

    def act(call: Call, _: Form) -> changing.Changed:
        return changing.add_passkey(call, answer, name)

    try:
        visit, changed = await submitted(request, form, act)
    except InvalidFields as error:
        visit, options = await visiting(request, changing.passkey_options)
        return _new(request, visit, options, told(visit.frame.language, error))
    return answered(request, visit, changed, "passkey-added")


async def change(request: Request) -> Response:
    """POST /settings/authentication/passkeys"""
    form = await form_of(request)
    act = in_transaction(lambda work: _change(work, form))
    _, changed = await submitted(request, form, lambda call, _: act(call))
    if changed is None:
        return redirected(request, PAGE, notice="passkey-renamed")
    exchange(request).renewed = changed.session
    return redirected(request, PAGE, notice="factor-off")


async def forget(request: Request) -> Response:
    """POST /settings/authentication/devices"""
    form = await form_of(request)
    which = None if form.get("device") == "all" else _number(form, "device", changing.NO_DEVICE)
    act = in_transaction(lambda work: changing.forget_device(work, which))
    await submitted(request, form, lambda call, _: act(call))
    return redirected(request, PAGE, notice="devices-forgotten")


def _change(work: Work, form: Form) -> changing.Changed | None:
    passkey_id = _number(form, "passkey", changing.NO_PASSKEY)
    if form.get("act") == "remove":
        return changing.remove_passkey(work, passkey_id)
    changing.rename_passkey(work, passkey_id, form.get("name", ""))
    return None


def _number(form: Form, name: str, missing: str) -> int:
    text = form.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
        raise NotFound(missing)
    return int(text)


def _new(request: Request, visit: Visit, options: str, errors: Told = NOTHING_WRONG) -> Response:
    return shown(
        request,
        "accounts/passkey_new.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        options=options,
        errors=errors,
    )
