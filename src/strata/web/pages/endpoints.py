"""What programs may ask this hub for: every address, read from the table that routes requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.web.pages.frame.visit import shown, visit_of
from strata.web.paths import Route

PATH: Final = "/docs/api"


def reference(groups: Mapping[str, tuple[Route, ...]]) -> Route:
    """The page about these endpoints.

    Args:
        groups: The endpoints by what they are for: `api`, `files`, `applications`. The URL table
            stands above the pages, so it hands them down.
    """

    async def page(request: Request) -> Response:
        """GET /docs/api"""
        visit = await visit_of(request)
        return shown(request, "endpoints.html", visit, groups=groups)

    return Route(("GET", "HEAD"), PATH, page, "people", page=True)
