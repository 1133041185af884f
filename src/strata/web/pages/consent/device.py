"""The page where a person types a program's code, sees what asks, and decides (product P06)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import NotFound, TooMany
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.device import deciding, user_codes
from strata.credentials.oauth.device.deciding import Device
from strata.organizations.record import Membership
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import organizations_in
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import shown, user_id_of, visit_of, visiting
from strata.web.pages.words.account import phrase, wait_text
from strata.web.pages.words.scopes import words_of
from strata.web.work import exchange

LONGEST_SHOWN: Final = 64
Looked = tuple[Device, list[Membership]]


async def page(request: Request) -> Response:
    """GET /device — `?user_code=` fills the field in; nothing is looked up before it is sent."""
    visit, _ = await visiting(request, user_id_of)
    return _typing(request, visit, request.query_params.get("user_code", ""))


async def submit(request: Request) -> Response:
    """POST /device — a code, and on the second page what was decided."""
    form = await form_of(request)
    decision = form.get("decision", "")
    try:
        if decision not in ("allow", "deny"):
            visit, found = await submitted(request, form, _look)
            return _asking(request, visit, form, found)
        act = _allow if decision == "allow" else _deny
        visit, settled = await submitted(request, form, act)
    except (NotFound, TooMany) as error:
        return await _wrong(request, form, error)
    return shown(
        request, "oauth/device_done.html", visit, cache=NO_STORE,
        app=settled.app, allowed=decision == "allow",
    )  # fmt: skip


def _look(call: Call, form: Form) -> Looked:
    user_id_of(call)
    found = deciding.found(call, form.get("user_code", ""))
    return found, consents.organizations_of(call)


def _allow(call: Call, form: Form) -> Device:
    user_id_of(call)
    return deciding.allow(call, form.get("user_code", ""), organizations_in(form))


def _deny(call: Call, form: Form) -> Device:
    user_id_of(call)
    return deciding.deny(call, form.get("user_code", ""))


def _typing(
    request: Request, visit: Visit, code: str, error: str = "", wait_s: int = 0
) -> Response:
    return shown(
        request,
        "oauth/device.html",
        visit,
        status=429 if wait_s else 400 if error else 200,
        cache=NO_STORE,
        headers={"Retry-After": str(wait_s)} if wait_s else None,
        code=_tidied(code),
        error=error,
    )


def _asking(request: Request, visit: Visit, form: Form, found: Looked) -> Response:
    asked, memberships = found
    ours = asked.app.origin is apps.Origin.HUB  # the library acts wherever its person may
    return shown(
        request,
        "oauth/device_consent.html",
        visit,
        cache=NO_STORE,
        app=asked.app,
        device=asked,
        here=exchange(request).origin.ip == asked.ip,
        words=words_of(visit.frame.language, asked.scopes),
        memberships=memberships,
        proposed={one.organization.public_id for one in memberships} if ours else set(),
        code=_tidied(form.get("user_code", "")),
    )


async def _wrong(request: Request, form: Form, error: NotFound | TooMany) -> Response:
    visit = await visit_of(request)
    language = visit.frame.language
    wait_s = error.retry_after_s if isinstance(error, TooMany) else 0
    key = "auth.waiting" if wait_s else "oauth.code_wrong"
    sentence = phrase(language, key, t=wait_text(language, wait_s))
    return _typing(request, visit, form.get("user_code", ""), sentence, wait_s)


def _tidied(typed: str) -> str:
    """A code as it is shown, whatever was typed."""
    code = user_codes.read(typed)[: 2 * user_codes.HALF]
    return user_codes.written(code) if len(code) == 2 * user_codes.HALF else typed[:LONGEST_SHOWN]
