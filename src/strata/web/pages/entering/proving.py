"""The page that asks once more who sits there, and then carries on with what was wanted."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import ProofNeeded
from strata.sessions.signed_in import sudo
from strata.sessions.signed_in.console import WANTS
from strata.web.auth import SAFE_METHODS
from strata.web.pages.forms.body import PROOF, PROOF_CODE, PROOFS, Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import cookie_path, is_https
from strata.web.pages.frame.visit import (
    redirected,
    requested,
    safe_next,
    shown,
    user_id_of,
    visiting,
)
from strata.web.pages.words.account import NOTHING_WRONG, Told, phrase
from strata.web.work import exchange, hub_of

PAGE: Final = "/settings/confirm-access"
_OURS: Final = frozenset({"csrf_token", *PROOFS})
WANTED: Final = "wanted"
STAYED_S: Final = 20  # in which the script of a page finds the cookie that it waits for
_MARK: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FIELD_OF: Final = {
    "pw.wrong": PROOF,
    "auth.2fa_bad": PROOF_CODE,
    "passkey.bad": "",
    **dict.fromkeys(WANTS.values(), ""),
}


async def page(request: Request) -> Response:
    """GET /settings/confirm-access"""
    await visiting(request, user_id_of)
    onward = safe_next(request.query_params.get("next", "/settings"))
    why = request.query_params.get("why", "")
    fault = why if why in WANTS.values() else ""
    return await _asking(request, PAGE, {"next": onward}, fault)


async def confirm(request: Request) -> Response:
    """POST /settings/confirm-access"""
    form = await form_of(request)
    await submitted(
        request,
        form if not PROOFS.isdisjoint(form) else {PROOF: "", **form},
        lambda _call, _form: None,
    )
    return redirected(request, safe_next(form.get("next", "/settings")))


async def asked(request: Request, error: ProofNeeded) -> Response:
    """Ask for the proof; what the visitor had sent goes along and is done afterwards.

    A page whose script asks by itself is left as it stands, with all that was typed and chosen.
    """
    here, facts = requested(request), exchange(request)
    if request.method in SAFE_METHODS:
        return await _asking(request, PAGE, {"next": here}, error.fault)
    if _MARK.fullmatch(facts.stays) and PROOFS.isdisjoint(facts.form):
        return _left_there(request, facts.stays, error.fault)
    return await _asking(request, here, facts.form, error.fault)


def _left_there(request: Request, mark: str, why: str) -> Response:
    """Answer nothing, so that the browser stays; a cookie tells the script of that page why."""
    answer = Response(status_code=204, headers={"Cache-Control": NO_STORE})
    answer.set_cookie(
        f"proof-{mark}", why or WANTED, max_age=STAYED_S, path=cookie_path(request),
        samesite="strict", secure=is_https(hub_of(request)),
    )  # fmt: skip
    return answer


async def _asking(request: Request, action: str, form: Form, fault: str = "") -> Response:
    visit, ways = await visiting(request, sudo.ways)
    return shown(
        request,
        "accounts/prove.html",
        visit,
        status=403 if request.method not in SAFE_METHODS else 200,
        cache=NO_STORE,
        action=action,
        kept=[(name, value) for name, value in form.items() if name not in _OURS],
        ways=ways,
        mailed=fault == sudo.MAILED,
        awaits_code=fault == sudo.MAILED or PROOF_CODE in exchange(request).form,
        errors=_wrong(visit.frame.language, fault),
    )


def _wrong(language: str, fault: str) -> Told:
    if fault not in _FIELD_OF:
        return NOTHING_WRONG
    return Told(((_FIELD_OF[fault], phrase(language, fault)),), language)
