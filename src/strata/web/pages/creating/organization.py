"""Create an organisation in the browser (product §2.3 P20)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations.founding import found_organization
from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.organizations.create import NewOrganization
from strata.organizations.record import Organization
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.places import person_address
from strata.web.pages.frame.visit import (
    in_transaction,
    redirected,
    shown,
    user_id_of,
    visiting,
)
from strata.web.pages.words.account import NOTHING_WRONG, told

PAGE = "/organizations/new"
GUIDELINES = DocumentKind.GUIDELINES.value
VERSION = f"{GUIDELINES}_version"
_BLANK = NewOrganization(name="")


async def page(request: Request) -> Response:
    """GET /organizations/new"""
    return await _page(request, _BLANK)


async def submit(request: Request) -> Response:
    """POST /organizations/new"""
    form = await form_of(request)
    wanted = _wanted(form)
    try:
        _, made = await submitted(request, form, lambda call, _: _create(call, wanted))
    except InvalidFields as error:
        return await _page(request, wanted, error)
    return redirected(request, person_address(made.name))


def _create(call: Call, wanted: NewOrganization) -> Organization:
    user_id_of(call)
    return in_transaction(lambda work: found_organization(work, wanted))(call)


def _wanted(form: Form) -> NewOrganization:
    return NewOrganization(
        name=form.get("name", "").strip(),
        full_name=form.get("full_name", "").strip(),
        private_by_default=form.get("visibility") == "private",
        members_hidden=form.get("members_hidden") == "on",
        guidelines=form.get(VERSION, "") if "guidelines" in form else "",
        read_in=form.get("documents_language", ""),
    )


async def _page(
    request: Request, wanted: NewOrganization, error: InvalidFields | None = None
) -> Response:
    visit, versions = await visiting(request, documents.versions)
    if visit.frame.viewer is None:
        return redirected(request, f"/login?next={PAGE}")
    errors = told(visit.frame.language, error, name=wanted.name) if error else NOTHING_WRONG
    return shown(
        request,
        "accounts/organization_new.html",
        visit,
        status=400 if error else 200,
        wanted=wanted,
        errors=errors,
        versions={GUIDELINES: versions[GUIDELINES]},
    )
