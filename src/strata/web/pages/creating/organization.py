"""Create an organisation in the browser (product §2.3 P20)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations.founding import found_with_logo
from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.organizations.create import NewOrganization
from strata.organizations.record import Organization
from strata.web.pages.forms.body import Form, submitted
from strata.web.pages.forms.chosen import VISIBILITIES, one_of
from strata.web.pages.forms.file import form_with_picture
from strata.web.pages.frame.addresses.places import person_address
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.settings.profile import details_in
from strata.web.pages.words.account import NOTHING_WRONG, told
from strata.web.pages.words.organizations import kind_choices

PAGE = "/organizations/new"
GUIDELINES = DocumentKind.GUIDELINES.value
VERSION = f"{GUIDELINES}_version"
_BLANK = NewOrganization(name="")


async def page(request: Request) -> Response:
    """GET /organizations/new"""
    return await _page(request, _BLANK)


async def submit(request: Request) -> Response:
    """POST /organizations/new"""
    wanted, logo = _BLANK, b""
    try:
        form, logo = await form_with_picture(request, "picture")
        wanted = _wanted(form)
        _, made = await submitted(request, form, lambda call, _: _create(call, wanted, logo))
    except InvalidFields as error:
        fields = dict(error.fields)
        if logo:  # browsers do not keep it
            fields.setdefault("picture", ("picture.again",))
        return await _page(request, wanted, InvalidFields(fields))
    return redirected(request, person_address(made.name))


def _create(call: Call, wanted: NewOrganization, logo: bytes) -> Organization:
    user_id_of(call)
    return found_with_logo(call, wanted, logo)


def _wanted(form: Form) -> NewOrganization:
    return NewOrganization(
        name=form.get("name", "").strip(),
        full_name=form.get("full_name", "").strip(),
        private_by_default=one_of(form, "visibility", VISIBILITIES) == "private",
        members_hidden=form.get("members_hidden") == "on",
        guidelines=form.get(VERSION, "") if "guidelines" in form else "",
        kind=form.get("kind", ""),
        details=details_in(form),
        domain=form.get("domain", "").strip(),
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
        kinds=kind_choices(visit.frame.language),
        versions={GUIDELINES: versions[GUIDELINES]},
    )
