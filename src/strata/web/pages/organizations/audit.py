"""What happened in an organisation, for its admins (product P52)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access import audit
from strata.access.audit import Told
from strata.access.organizations.managing import overseen
from strata.core.call import Call, working
from strata.lib.db.seek import Page, Window
from strata.organizations.record import Organization
from strata.web.audit_export import exported
from strata.web.pages.audit_view import PER_PAGE, Asked, asked, filter_of, kinds, lines_of, types
from strata.web.pages.forms.seeking import window_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.work import field, hub_of, read

KINDS: Final = ("org", "repo", "gate", "discussion", "collection", "webhook", "token", "quota")


@dataclass(frozen=True, slots=True)
class _Found:
    organization: Organization
    page: Page[Told]


async def page(request: Request) -> Response:
    """GET /organizations/{name}/settings/audit — filters by kind, days, actor and target."""
    name, wanted = field(request, "name"), asked(request)
    window = window_of(request, keys=1, limit=PER_PAGE)

    def act(call: Call) -> _Found:
        user_id_of(call)
        organization = overseen(call, name)
        return _Found(organization, _page(call, name, window, wanted))

    visit, there = await visiting(request, act)
    return shown(
        request,
        "accounts/organization_audit.html",
        visit,
        cache=NO_STORE,
        organization=there.organization,
        asked=wanted,
        kinds=kinds(visit.frame.language, *KINDS),
        types=types(),
        log=lines_of(hub_of(request), visit.frame.language, there.page),
    )


async def export(request: Request) -> Response:
    """GET /organizations/{name}/settings/audit/export — `?format=json|csv`, filters of the page."""
    name, wanted = field(request, "name"), asked(request)

    def note(call: Call) -> None:
        user_id_of(call)
        _page(call, name, Window(1), wanted)
        with working(call) as work:
            audit.note_export(work, name)

    await read(request, note)
    return await exported(
        request, lambda call, window: _page(call, name, window, wanted), name=f"audit-log-{name}"
    )


def _page(call: Call, name: str, window: Window, wanted: Asked) -> Page[Told]:
    return audit.of_organization(call, name, window, filter_of(call, wanted))
