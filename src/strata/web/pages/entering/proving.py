"""The page that asks once more who sits there, and then carries on with what was wanted."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.core.call import Call
from strata.core.errors import ProofNeeded
from strata.web.auth import SAFE_METHODS
from strata.web.pages.account_phrases import NOTHING_WRONG, Told, phrase
from strata.web.pages.answer import NO_STORE
from strata.web.pages.form_body import PROOF, Form, form_of, submitted
from strata.web.pages.render import at
from strata.web.pages.visit import (
    redirected,
    requested,
    safe_next,
    shown,
    user_id_of,
    visiting,
)
from strata.web.work import exchange, hub_of

PAGE: Final = "/settings/confirm-access"
_OURS: Final = frozenset({"csrf_token", PROOF})


async def page(request: Request) -> Response:
    """GET /settings/confirm-access"""
    await visiting(request, user_id_of)
    onward = safe_next(request.query_params.get("next", "/settings"))
    return await _asking(request, _at_page(request), {"next": onward})


async def confirm(request: Request) -> Response:
    """POST /settings/confirm-access"""
    form = await form_of(request)
    await submitted(request, {PROOF: "", **form}, lambda _call, _form: None)
    return redirected(request, safe_next(form.get("next", "/settings")))


async def asked(request: Request, error: ProofNeeded) -> Response:
    """Ask for the proof; what the visitor had sent goes along and is done afterwards."""
    here = requested(request)
    if request.method in SAFE_METHODS:
        return await _asking(request, _at_page(request), {"next": here}, error.fault)
    return await _asking(request, here, exchange(request).form, error.fault)


def _at_page(request: Request) -> str:
    return at(PAGE, hub_of(request).settings.prefix)


async def _asking(request: Request, action: str, form: Form, fault: str = "") -> Response:
    visit, has_password = await visiting(request, _has_password)
    sentence = phrase(visit.frame.language, fault) if fault else ""
    return shown(
        request,
        "accounts/prove.html",
        visit,
        status=403 if request.method not in SAFE_METHODS else 200,
        cache=NO_STORE,
        action=action,
        kept=[(name, value) for name, value in form.items() if name not in _OURS],
        has_password=has_password,
        errors=Told(((PROOF, sentence),), visit.frame.language) if fault else NOTHING_WRONG,
    )


def _has_password(call: Call) -> bool:
    return profiles.person(call, user_id_of(call)).has_password
