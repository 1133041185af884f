"""The audit log of an organisation for programs (02 §P)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access import audit
from strata.web.audit_export import exported
from strata.web.paths import Route
from strata.web.work import field, work


async def export(request: Request) -> Response:
    """GET /api/organizations/{name}/audit-log/export — an array, or `?format=csv`."""
    name = field(request, "name")
    await work(request, lambda within: audit.note_export(within, name))
    return await exported(
        request,
        lambda call, window: audit.of_organization(call, name, window),
        name=f"audit-log-{name}",
    )


ROUTES = (Route(("GET",), "/api/organizations/{name}/audit-log/export", export, "scripts"),)
