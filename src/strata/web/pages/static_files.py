"""Files that browsers and robots ask for by name."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from strata.web.pages.frame.answer import static_file
from strata.web.pages.frame.assets import assets
from strata.web.work import field, hub_of

DAY: Final = "public, max-age=86400"
ROBOTS: Final = """\
User-agent: *
Disallow: /api/
Disallow: /settings/
Disallow: /email_confirmation/
Disallow: /verify-email
Disallow: /*?*lang=
Disallow: /*?*theme=
"""


async def static(request: Request) -> Response:
    """GET /static/{version}/{path}"""
    request.scope["path_params"] = {
        "version": field(request, "version"),
        "name": field(request, "path"),
    }
    return await static_file(request)


async def favicon(_request: Request) -> Response:
    """GET /favicon.ico — browsers take any picture here, so it is the drawn one."""
    icon = assets().by_name["favicon.svg"]
    return Response(icon.body, media_type=icon.media_type, headers={"Cache-Control": DAY})


async def robots(request: Request) -> Response:
    """GET /robots.txt — a proxy in front of a prefix may serve it at the root of the host."""
    if hub_of(request).settings.private:
        return PlainTextResponse("User-agent: *\nDisallow: /\n", headers={"Cache-Control": DAY})
    rules = ROBOTS.replace("Disallow: /", f"Disallow: {hub_of(request).settings.prefix}/")
    return PlainTextResponse(rules, headers={"Cache-Control": DAY})
