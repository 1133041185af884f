"""What a person did, and what happened to their account, in the last 90 days (product P09)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access import audit
from strata.access.audit import Told
from strata.core.call import Call
from strata.lib.db.seek import Page, Window
from strata.web.audit_export import exported
from strata.web.pages.audit_view import PER_PAGE, asked, kinds, lines_of
from strata.web.pages.forms.seeking import window_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.work import hub_of

PAGE: Final = "/settings/security-log"
KINDS: Final = (
    "account",
    "token",
    "key",
    "oauth",
    "repo",
    "gate",
    "discussion",
    "collection",
    "org",
    "webhook",
)


async def page(request: Request) -> Response:
    """GET /settings/security-log — `?kind=`, `?from=` and `?to=` filter."""
    wanted = asked(request)
    window = window_of(request, keys=1, limit=PER_PAGE)

    def act(call: Call) -> Page[Told]:
        user_id_of(call)
        return audit.own(call, window, wanted.filter())

    visit, found = await visiting(request, act)
    return shown(
        request,
        "accounts/security_log.html",
        visit,
        cache=NO_STORE,
        asked=wanted,
        kinds=kinds(visit.frame.language, *KINDS),
        days=audit.OWN_DAYS,
        log=lines_of(hub_of(request), visit.frame.language, found),
        place=PAGE,
    )


async def export(request: Request) -> Response:
    """GET /settings/security-log/export — `?format=json|csv`, and the filter of the page."""
    wanted = asked(request)

    def read_page(call: Call, window: Window) -> Page[Told]:
        user_id_of(call)
        return audit.own(call, window, wanted.filter())

    return await exported(request, read_page, name="security-log")
