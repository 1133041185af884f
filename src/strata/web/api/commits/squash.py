"""One commit in the place of a history (02 §E)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content.rewriting.squash import super_squash as squash
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, json_of, read, repo_of


class SquashBody(msgspec.Struct):
    """POST …/super-squash/{path}."""

    message: str | None = None


async def super_squash(request: Request) -> Response:
    """POST /api/{type}/{repo}/super-squash/{path}"""
    body = await json_of(request, SquashBody)
    branch = field(request, "path")
    sha = await read(request, lambda call: squash(call, repo_of(request), branch, body.message))
    return respond.json({"success": True, "commitOid": sha})


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/{type}/{repo}/super-squash/{path}",
        super_squash,
        "huggingface_hub ≥ 0.17: super_squash_history",
    ),
)
