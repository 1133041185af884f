"""The page of an invitation to an organisation (product §2.6 P53)."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import inviting
from strata.access.organizations.inviting import Landing
from strata.accounts.mailboxes.addresses import masked
from strata.core.call import Call
from strata.core.errors import InvalidFields, NotFound
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.organizations.members import ROLES
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field


async def page(request: Request) -> Response:
    """GET /organizations/{name}/share/{token} — changes nothing: mail scanners open links too."""
    return await _page(request)


async def submit(request: Request) -> Response:
    """POST /organizations/{name}/share/{token} — `act` is accept or decline."""
    form, name, token = await form_of(request), field(request, "name"), field(request, "token")
    declined = form.get("act") == "decline"
    try:
        await submitted(request, form, lambda call, sent: _answer(call, name, token, sent))
    except InvalidFields as error:
        return await _page(request, error)
    except NotFound:
        return await _page(request)
    if declined:
        return redirected(request, "/settings/organizations", notice="invite-declined")
    return redirected(request, f"/{quote(name)}", notice="invite-accepted")


async def _page(request: Request, error: InvalidFields | None = None) -> Response:
    name, token = field(request, "name"), field(request, "token")
    visit, found = await visiting(request, lambda call: _found(call, name, token))
    errors: Told = told(visit.frame.language, error) if error else NOTHING_WRONG
    invite = found.invite if found else None
    return shown(
        request,
        "accounts/invitation.html",
        visit,
        status=404 if found is None else 400 if error else 200,
        cache=NO_STORE,
        found=found,
        errors=errors,
        roles=[(one, about) for role, one, about in ROLES if invite and role is invite.role],
        sent_to=masked(invite.email) if invite and invite.email else "",
        here=f"/organizations/{quote(name)}/share/{quote(token)}",
    )


def _found(call: Call, name: str, token: str) -> Landing | None:
    try:
        return inviting.landing(call, name, token)
    except NotFound:
        return None


def _answer(call: Call, name: str, token: str, form: Form) -> None:
    user_id_of(call)
    if form.get("act") == "decline":
        in_transaction(lambda work: inviting.decline(work, name, token))(call)
        return
    anyway = form.get("anyway") == "on"
    in_transaction(lambda work: inviting.accept(work, name, token, anyway=anyway))(call)
