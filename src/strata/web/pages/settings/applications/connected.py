"""The applications that somebody let in, and how they are shut out (product §2.2 P16)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.credentials.oauth import consents, narrowing
from strata.credentials.oauth.consents import Connected
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import organizations_in
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.words.scopes import Word, with_included, words_of
from strata.web.work import field

LIST: Final = "/settings/connected-applications"
SCOPE: Final = "scope-"  # and its name: a field of the form


async def page(request: Request) -> Response:
    """GET /settings/connected-applications"""
    visit, found = await visiting(request, _connected)
    rows = [(one, _words(visit.frame.language, one)) for one in found]
    return shown(request, "oauth/connected.html", visit, rows=rows)


async def ask_revoke(request: Request) -> Response:
    """GET /settings/connected-applications/{id}/revoke"""
    client_id = field(request, "id")
    visit, one = await visiting(request, lambda call: _one(call, client_id))
    return shown(request, "oauth/connected_revoke.html", visit, one=one)


async def revoke(request: Request) -> Response:
    """POST /settings/connected-applications/{id}/revoke"""
    client_id = field(request, "id")

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            consents.revoke(work, client_id)

    await submitted(request, await form_of(request), act)
    return redirected(request, LIST, notice="app-revoked")


async def ask_change(request: Request) -> Response:
    """GET /settings/connected-applications/{id}"""
    visit, one = await visiting(request, lambda call: _one(call, field(request, "id")))
    words = _words(visit.frame.language, one)
    return shown(request, "oauth/connected_change.html", visit, one=one, words=words)


async def change(request: Request) -> Response:
    """POST /settings/connected-applications/{id} — what stays ticked stays."""
    client_id = field(request, "id")

    def act(call: Call, form: Form) -> None:
        held = _one(call, client_id).scopes
        ticked = [name.removeprefix(SCOPE) for name in form if name.startswith(SCOPE)]
        with working(call) as work:
            kept = with_included(ticked, held)
            narrowing.narrow(work, client_id, kept, organizations_in(form))

    await submitted(request, await form_of(request), act)
    return redirected(request, LIST, notice="app-changed")


def _one(call: Call, client_id: str) -> Connected:
    for one in _connected(call):
        if one.app.client_id == client_id:
            return one
    raise NotFound(consents.NO_SUCH)


def _connected(call: Call) -> list[Connected]:
    return consents.connected(call, user_id_of(call))


def _words(language: str, one: Connected) -> list[Word]:
    return words_of(language, one.scopes)
