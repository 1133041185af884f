"""Access tokens: list, make, refresh, delete (product §2.2 P10).

A token's value is in one answer only, that of the POST which made it: not in an address, not in a
later page, and the browser is told to keep no copy.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.tokens import tokens
from strata.accounts.tokens.renewing import rotate
from strata.accounts.tokens.tokens import Issued, Token
from strata.core.actor import TokenRole
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound
from strata.web.pages.account_phrases import NOTHING_WRONG, Told, told
from strata.web.pages.answer import NO_STORE, PRIVATE
from strata.web.pages.form_body import Form, form_of, submitted
from strata.web.pages.visit import Visit, redirected, shown, user_id_of, visit_of, visiting
from strata.web.work import field

LIST = "/settings/tokens"
LONGEST_ID = 18  # digits


@dataclass(frozen=True, slots=True)
class _Listed:
    """The list, and above it the token that was just made."""

    tokens: list[Token]
    issued: Issued | None = None


async def listed(request: Request) -> Response:
    """GET /settings/tokens"""
    visit, found = await visiting(request, _list)
    return _list_page(request, visit, found)


async def new(request: Request) -> Response:
    """GET /settings/tokens/new — `?tokenType=write&displayName=…` fills the form in."""
    visit, _ = await visiting(request, user_id_of)
    asked = request.query_params
    return _new_page(
        request, visit, asked.get("displayName", ""), _role(asked.get("tokenType", ""))
    )


async def create(request: Request) -> Response:
    """POST /settings/tokens/new"""
    form = await form_of(request)
    try:
        visit, found = await submitted(request, form, _create)
    except InvalidFields as error:
        visit = await visit_of(request)
        errors = told(visit.frame.language, error)
        name, role = form.get("name", ""), _role(form.get("role", ""))
        return _new_page(request, visit, name, role, errors)
    return _list_page(request, visit, found)


async def ask_refresh(request: Request) -> Response:
    """GET /settings/tokens/{id}/refresh"""
    return await _asked(request, "refresh")


async def refresh(request: Request) -> Response:
    """POST /settings/tokens/{id}/refresh"""
    form, token_id = await form_of(request), _token_id(request)

    def act(call: Call, _: Form) -> _Listed:
        user_id_of(call)
        with working(call) as work:
            issued = rotate(work, token_id)
        return _list(call, issued)

    visit, found = await submitted(request, form, act)
    return _list_page(request, visit, found)


async def ask_delete(request: Request) -> Response:
    """GET /settings/tokens/{id}/delete"""
    return await _asked(request, "delete")


async def delete(request: Request) -> Response:
    """POST /settings/tokens/{id}/delete"""
    form, token_id = await form_of(request), _token_id(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            tokens.delete(work, token_id)

    await submitted(request, form, act)
    return redirected(request, LIST, notice="token-deleted")


def _list(call: Call, issued: Issued | None = None) -> _Listed:
    return _Listed(tokens.of(call, user_id_of(call)), issued)


def _create(call: Call, form: Form) -> _Listed:
    user_id_of(call)
    with working(call) as work:
        issued = tokens.create(work, form.get("name", ""), _role(form.get("role", "")))
    return _list(call, issued)


async def _asked(request: Request, act: str) -> Response:
    """Ask before something that cannot be taken back."""
    token_id = _token_id(request)
    visit, found = await visiting(request, _list)
    token = next((one for one in found.tokens if one.id == token_id), None)
    if token is None:
        raise NotFound("There is no such token.")
    return shown(request, "accounts/token_confirm.html", visit, token=token, act=act)


def _token_id(request: Request) -> int:
    text = field(request, "id")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise NotFound("There is no such token.")
    return int(text)


def _role(text: str) -> TokenRole:
    """Read where nothing else was chosen: the role that can do least."""
    return TokenRole.WRITE if text == TokenRole.WRITE else TokenRole.READ


def _list_page(request: Request, visit: Visit, found: _Listed) -> Response:
    return shown(
        request,
        "accounts/tokens.html",
        visit,
        cache=NO_STORE if found.issued else PRIVATE,
        tokens=found.tokens,
        issued=found.issued,
    )


def _new_page(
    request: Request,
    visit: Visit,
    name: str,
    role: TokenRole,
    errors: Told = NOTHING_WRONG,
) -> Response:
    return shown(
        request, "accounts/token_new.html", visit, name=name, role=role.value, errors=errors
    )
