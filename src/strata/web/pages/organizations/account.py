"""Rename and delete an organisation (product §2.6 P52)."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations.managing import overseen
from strata.core.call import Call
from strata.core.errors import InvalidFields, Malformed
from strata.organizations.record import Organization
from strata.repos.owning.ending import delete_organization, owns
from strata.repos.owning.follow import rename_organization
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field


async def page(request: Request) -> Response:
    """GET /organizations/{name}/settings/account"""
    return await _page(request, field(request, "name"))


async def submit(request: Request) -> Response:
    """POST /organizations/{name}/settings/account — `form` says which: rename or delete."""
    form, name = await form_of(request), field(request, "name")
    act = {"rename": _rename, "delete": _delete}.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        _, place = await submitted(request, form, lambda call, sent: act(call, name, sent))
    except InvalidFields as error:
        return await _page(request, name, error, form.get("username", ""))
    renamed = form["form"] == "rename"
    return redirected(request, place, notice="settings-saved" if renamed else "organization-gone")


async def _page(
    request: Request, name: str, error: InvalidFields | None = None, typed: str = ""
) -> Response:
    visit, (organization, owner) = await visiting(request, lambda call: _found(call, name))
    errors: Told = told(visit.frame.language, error, name=typed) if error else NOTHING_WRONG
    return shown(
        request,
        "accounts/organization_account.html",
        visit,
        status=400 if error else 200,
        organization=organization,
        owner=owner,
        typed=typed or organization.name,
        errors=errors,
    )


def _found(call: Call, name: str) -> tuple[Organization, bool]:
    user_id_of(call)
    organization = overseen(call, name)
    return organization, owns(call, organization.id)


def _rename(call: Call, name: str, form: Form) -> str:
    user_id_of(call)
    wanted = form.get("username", "").strip()
    now = in_transaction(lambda work: rename_organization(work, name, wanted))(call)
    return f"/organizations/{quote(now)}/settings/account"


def _delete(call: Call, name: str, form: Form) -> str:
    user_id_of(call)
    typed = form.get("delete_name", "").strip()
    in_transaction(lambda work: delete_organization(work, name, typed))(call)
    return "/settings/organizations"
