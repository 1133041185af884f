"""What an organisation says of itself, and its defaults, as its admins set them (P52)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations.founding import change_logo, change_organization
from strata.access.organizations.managing import overseen
from strata.accounts.profile.details import details_of
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.organizations.change import OrganizationSettings
from strata.organizations.logo import shown_logo
from strata.organizations.record import Organization
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import VISIBILITIES, one_of
from strata.web.pages.forms.file import form_with_picture
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.settings.profile import details_in
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.organizations import kind_choices
from strata.web.work import field

USUAL_GRACE: Final = 14  # days
GRACES: Final = ("0", "7", "14", "30")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What stands in the form."""

    organization: Organization
    settings: OrganizationSettings
    pictured: bool


async def page(request: Request) -> Response:
    """GET /organizations/{name}/settings"""
    visit, current = await visiting(request, lambda call: _current(call, field(request, "name")))
    return _page(request, visit, current)


async def change(request: Request) -> Response:
    """POST /organizations/{name}/settings"""
    form = await form_of(request)
    name, wanted = field(request, "name"), _settings(form)
    try:
        await submitted(request, form, lambda call, _: _change(call, name, wanted))
    except InvalidFields as error:
        visit, current = await visiting(request, lambda call: _current(call, name))
        typed = replace(current, settings=wanted)
        return _page(request, visit, typed, told(visit.frame.language, error))
    return redirected(request, f"/organizations/{name}/settings", notice="settings-saved")


async def change_picture(request: Request) -> Response:
    """POST /organizations/{name}/settings/picture — without a picture: go back to the drawn one"""
    name = field(request, "name")
    try:
        form, content = await form_with_picture(request, "picture")
        await submitted(request, form, lambda call, _: _change_logo(call, name, form, content))
    except InvalidFields as error:
        visit, current = await visiting(request, lambda call: _current(call, name))
        return _page(request, visit, current, told(visit.frame.language, error))
    return redirected(request, f"/organizations/{name}/settings", notice="settings-saved")


def _change_logo(call: Call, name: str, form: Form, content: bytes) -> None:
    user_id_of(call)
    if not content and "remove" not in form:
        raise InvalidFields({"picture": ("picture.missing",)})
    change_logo(call, name, content)


def _change(call: Call, name: str, wanted: OrganizationSettings) -> None:
    user_id_of(call)
    in_transaction(lambda work: change_organization(work, name, wanted))(call)


def _current(call: Call, name: str) -> _Shown:
    user_id_of(call)
    organization = overseen(call, name)
    settings = OrganizationSettings(
        organization.full_name,
        organization.private_by_default,
        organization.members_hidden,
        details_of(call, organization.id),
        two_factor=organization.factor_from is not None,
        two_factor_days=USUAL_GRACE,
        kind=organization.kind,
    )
    pictured = shown_logo(call, organization.public_id) is not None
    return _Shown(organization, settings, pictured)


def _settings(form: Form) -> OrganizationSettings:
    return OrganizationSettings(
        full_name=form.get("full_name", "").strip(),
        private_by_default=one_of(form, "visibility", VISIBILITIES) == "private",
        members_hidden=form.get("members_hidden") == "on",
        details=details_in(form),
        kind=form.get("kind", ""),
        two_factor=form.get("two_factor") == "on",
        two_factor_days=int(days) if (days := form.get("two_factor_days", "")) in GRACES else 0,
    )


def _page(request: Request, visit: Visit, found: _Shown, errors: Told = NOTHING_WRONG) -> Response:
    status = 400 if errors.summary else 200
    template = "accounts/organization_settings.html"
    return shown(
        request,
        template,
        visit,
        status=status,
        organization=found.organization,
        found=found,
        errors=errors,
        graces=GRACES,
        kinds=kind_choices(visit.frame.language),
    )
