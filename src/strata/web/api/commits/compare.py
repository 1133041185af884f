"""What differs between two revisions (02 §E)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from strata.content.reading import diff
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, read, repo_of


async def compare(request: Request) -> Response:
    """GET /api/{type}/{repo}/compare/{path}"""
    spec, raw = field(request, "path"), respond.flag(request, "raw")
    text = await read(request, lambda call: diff.compare(call, repo_of(request), spec, raw=raw))
    return PlainTextResponse(text, headers={"X-Content-Type-Options": "nosniff"})


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/compare/{path}", compare, "hf-hub: create_diff"),
)
