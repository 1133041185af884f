"""The organisations one belongs to, and how to leave them (product §2.2 P17)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access import members
from strata.accounts.organizations import queries
from strata.accounts.organizations.record import Membership
from strata.core.actor import Role
from strata.core.call import Call
from strata.core.errors import Conflict
from strata.web.pages.form_body import Form, form_of, submitted
from strata.web.pages.language import N_, translated
from strata.web.pages.organization_members import ROLES
from strata.web.pages.visit import in_transaction, redirected, shown, user_id_of, visiting

PAGE: Final = "/settings/organizations"
LAST_ADMIN: Final = N_("You are the last admin. Make another member admin first.")
_NAMES: Final = {role: name for role, name, _ in ROLES}


async def page(request: Request) -> Response:
    """GET /settings/organizations"""
    return await _page(request)


async def leave(request: Request) -> Response:
    """POST /settings/organizations — leave the organisation `name`."""
    form = await form_of(request)
    try:
        await submitted(request, form, _leave)
    except Conflict:
        return await _page(request, LAST_ADMIN)
    return redirected(request, PAGE, notice="organization-left")


async def _page(request: Request, refused: str = "") -> Response:
    visit, held = await visiting(request, _memberships)
    return shown(
        request,
        "accounts/settings_organizations.html",
        visit,
        status=409 if refused else 200,
        held=held,
        names=_NAMES,
        admin=Role.ADMIN,
        refused=translated(visit.frame.language, refused) if refused else "",
    )


def _memberships(call: Call) -> list[Membership]:
    return queries.memberships_of(call, user_id_of(call))


def _leave(call: Call, form: Form) -> None:
    user_id_of(call)
    in_transaction(lambda work: members.leave(work, form.get("name", "")))(call)
