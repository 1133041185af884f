"""Access tokens refreshed and deleted: asked before, and done (product §2.2 P10)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.credentials.tokens import ending, renewing
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.settings.tokens.listing import (
    LIST,
    Listed,
    list_of,
    list_page,
    own,
    token_id_of,
)
from strata.web.pages.words.account import NOTHING_WRONG, told


async def ask_refresh(request: Request) -> Response:
    """GET /settings/tokens/{id}/refresh"""
    return await _asked(request, "refresh")


async def refresh(request: Request) -> Response:
    """POST /settings/tokens/{id}/refresh — `grace`: hours for which the old value lives on."""
    form, token_id = await form_of(request), token_id_of(request)
    grace = form.get("grace", "0")
    hours = int(grace) if grace.isascii() and grace.isdigit() and len(grace) < 4 else -1

    def act(call: Call, _: Form) -> Listed:
        user_id_of(call)
        with working(call) as work:
            issued = renewing.rotate(work, token_id, hours)
        return list_of(call, issued)

    try:
        visit, found = await submitted(request, form, act)
    except InvalidFields as error:
        return await _asked(request, "refresh", error)
    return list_page(request, visit, found)


async def ask_delete(request: Request) -> Response:
    """GET /settings/tokens/{id}/delete"""
    return await _asked(request, "delete")


async def delete(request: Request) -> Response:
    """POST /settings/tokens/{id}/delete"""
    form, token_id = await form_of(request), token_id_of(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            ending.delete(work, token_id)

    await submitted(request, form, act)
    return redirected(request, LIST, notice="token-deleted")


async def ask_delete_all(request: Request) -> Response:
    """GET /settings/tokens/revoke-all"""
    visit, found = await visiting(request, list_of)
    return shown(request, "accounts/token_confirm_all.html", visit, count=len(found.tokens))


async def delete_all(request: Request) -> Response:
    """POST /settings/tokens/revoke-all"""
    form = await form_of(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            ending.delete_all(work)

    await submitted(request, form, act)
    return redirected(request, LIST, notice="tokens-deleted")


async def _asked(request: Request, act: str, error: InvalidFields | None = None) -> Response:
    """Ask before something that cannot be taken back."""
    token_id = token_id_of(request)
    visit, token = await visiting(request, lambda call: own(call, token_id))
    return shown(
        request,
        "accounts/token_confirm.html",
        visit,
        status=400 if error else 200,
        token=token,
        act=act,
        errors=told(visit.frame.language, error) if error else NOTHING_WRONG,
    )
