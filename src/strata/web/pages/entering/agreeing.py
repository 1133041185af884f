"""Agree to documents that changed, and then carry on (product J03)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.core.call import Call
from strata.core.errors import ConsentNeeded
from strata.web.auth import SAFE_METHODS
from strata.web.entrance import later_name, later_value
from strata.web.pages.forms.body import AGREEING, Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.frame.visit import (
    redirected,
    requested,
    safe_next,
    shown,
    user_id_of,
    visiting,
)
from strata.web.pages.words.account import NOTHING_WRONG, Told, phrase
from strata.web.work import exchange

PAGE: Final = "/agree"
PUT_OFF_S: Final = 24 * 3600
_OURS: Final = frozenset(
    {"csrf_token", AGREEING, "consents", "documents_language"}
    | {f"{kind.value}_version" for kind in DocumentKind}
)


async def page(request: Request) -> Response:
    """GET /agree"""
    onward = safe_next(request.query_params.get("next", "/"))
    return await _asking(request, PAGE, {"next": onward}, onward)


async def agree(request: Request) -> Response:
    """POST /agree — `submitted` takes the consent"""
    form = await form_of(request)
    await submitted(request, form, lambda call, _form: user_id_of(call))
    return redirected(request, safe_next(form.get("next", "/")))


async def later(request: Request) -> Response:
    """POST /agree/later — go on without; a day later pages ask again"""
    form = await form_of(request)
    await submitted(request, form, lambda call, _form: user_id_of(call))
    answer = redirected(request, safe_next(form.get("next", "/")))
    value = later_value(exchange(request).actor)
    set_cookie(request, answer, later_name(request), value, max_age=PUT_OFF_S)
    return answer


async def asked(request: Request, error: ConsentNeeded) -> Response:
    """Ask for the consent; what the visitor had sent goes along and is done afterwards."""
    if request.method in SAFE_METHODS:
        return redirected(request, f"{PAGE}?{urlencode({'next': requested(request)})}")
    form = exchange(request).form
    return await _asking(request, requested(request), form, "/", error.fault)


async def _asking(
    request: Request, action: str, form: Form, onward: str, fault: str = ""
) -> Response:
    visit, (versions, by) = await visiting(request, _versions)
    sentence = phrase(visit.frame.language, fault) if fault else ""
    errors = Told((("consents", sentence),), visit.frame.language) if fault else NOTHING_WRONG
    return shown(
        request,
        "accounts/agree.html",
        visit,
        status=200 if request.method == "GET" else 403,
        cache=NO_STORE,
        action=action,
        kept=[(name, value) for name, value in form.items() if name not in _OURS],
        versions=versions,
        onward=onward,
        by=by,
        errors=errors,
    )


def _versions(call: Call) -> tuple[dict[str, str], datetime | None]:
    """The versions that hold, and until when the visitor may go on without agreeing to them."""
    user_id_of(call)
    return documents.asked(call), None if call.actor.must_agree else call.actor.agree_by
