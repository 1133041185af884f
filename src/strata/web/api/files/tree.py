"""Trees and their sizes (02 §D1, §D3)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.reading.tree import Page, folder_size, listing
from strata.content.snapshot import snapshot_at
from strata.core.call import Call
from strata.web import respond
from strata.web.api.files.entries import entry
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import exchange, field, read, repo_of


async def tree(request: Request) -> Response:
    """GET /api/{type}/{repo}/tree/{revision}/{path}"""
    page = await read(request, lambda call: _page(call, request))
    link = respond.next_link(request, exchange(request).origin.base_url, page.cursor)
    return respond.json([entry(listed) for listed in page.entries], headers=link)


def _page(call: Call, request: Request) -> Page:
    at, folder = snapshot_at(
        call, repo_of(request), field(request, "revision"), field(request, "path"), Action.LOOK
    )
    return listing(
        call,
        at,
        folder,
        recursive=respond.flag(request, "recursive"),
        expand=respond.flag(request, "expand"),
        limit=count_of(request, "limit"),
        cursor=request.query_params.get("cursor"),
    )


async def treesize(request: Request) -> Response:
    """GET /api/{type}/{repo}/treesize/{revision}/{path}"""
    path, size = await read(request, lambda call: _size(call, request))
    return respond.json({"path": f"/{path}", "size": size})


def _size(call: Call, request: Request) -> tuple[str, int]:
    at, folder = snapshot_at(
        call, repo_of(request), field(request, "revision"), field(request, "path"), Action.LOOK
    )
    return folder.strip("/"), folder_size(at, folder)


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/tree/{revision}/{path}", tree, "all: list files"),
    Route(("GET",), "/api/{type}/{repo}/treesize/{revision}/{path}", treesize, "hf-hub"),
)
