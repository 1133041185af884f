"""Enter the administration of the site (product §2.7)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.sessions.signed_in import console
from strata.sessions.signed_in.sessions import Started
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import (
    in_transaction,
    redirected,
    requested,
    safe_next,
    shown,
    visiting,
)
from strata.web.work import exchange

ROOT = "/admin"
FIRST = "/admin/audit"


async def page(request: Request) -> Response:
    """GET /admin"""
    visit, entered = await visiting(request, console.is_entered)
    return redirected(request, FIRST) if entered else entrance(request, visit, FIRST)


async def enter(request: Request) -> Response:
    """POST /admin — then to `next`, a page of the console."""
    form = await form_of(request)
    _, session = await submitted(request, form, lambda call, _form: _entered(call))
    exchange(request).renewed = session
    onward = safe_next(form.get("next", FIRST))
    return redirected(request, onward if onward.startswith(f"{ROOT}/") else FIRST)


def entrance(request: Request, visit: Visit, onward: str = "") -> Response:
    """Show the page before the console to an admin who has not entered it."""
    return shown(
        request,
        "console/enter.html",
        visit,
        cache=NO_STORE,
        onward=onward or requested(request),
    )


def _entered(call: Call) -> Started:
    console.require_site_admin(call)
    return in_transaction(console.enter)(call)
