"""Create an organisation in the browser (product §2.3 P20)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations.founding import found_organization
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.organizations.create import NewOrganization
from strata.organizations.record import Organization
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.places import person_address
from strata.web.pages.frame.visit import (
    Visit,
    in_transaction,
    redirected,
    shown,
    user_id_of,
    visit_of,
)
from strata.web.pages.words.account import NOTHING_WRONG, Told, told

PAGE = "/organizations/new"
_BLANK = NewOrganization(name="")


async def page(request: Request) -> Response:
    """GET /organizations/new"""
    return _page(request, await visit_of(request), _BLANK)


async def submit(request: Request) -> Response:
    """POST /organizations/new"""
    form = await form_of(request)
    wanted = _wanted(form)
    try:
        _, made = await submitted(request, form, lambda call, _: _create(call, wanted))
    except InvalidFields as error:
        visit = await visit_of(request)
        errors = told(visit.frame.language, error, name=wanted.name)
        return _page(request, visit, wanted, errors)
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
    )


def _page(
    request: Request, visit: Visit, wanted: NewOrganization, errors: Told = NOTHING_WRONG
) -> Response:
    if visit.frame.viewer is None:
        return redirected(request, f"/login?next={PAGE}")
    status = 400 if errors.summary else 200
    template = "accounts/organization_new.html"
    return shown(request, template, visit, status=status, wanted=wanted, errors=errors)
