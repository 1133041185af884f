"""Branches and tags (02 §E)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content import refs
from strata.content.refs import RefEntry
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, json_of, read, repo_of


class BranchBody(msgspec.Struct, rename="camel"):
    """POST …/branch/{revision}; may be empty."""

    starting_point: str | None = None
    empty_branch: bool = False
    overwrite: bool = False


class TagBody(msgspec.Struct):
    """POST …/tag/{revision}."""

    tag: str
    message: str | None = None


async def list_refs(request: Request) -> Response:
    """GET /api/{type}/{repo}/refs"""
    listed = await read(request, lambda call: refs.list_refs(call, repo_of(request)))
    answer = {
        "branches": [_ref(entry) for entry in listed.branches],
        "converts": [_ref(entry) for entry in listed.converts],
        "tags": [_ref(entry) for entry in listed.tags],
    }
    if respond.flag(request, "include_prs"):
        answer["pullRequests"] = [_ref(entry) for entry in listed.pulls]
    return respond.json(answer)


def _ref(entry: RefEntry) -> dict[str, str]:
    return {"name": entry.name, "ref": entry.ref, "targetCommit": entry.commit}


async def create_branch(request: Request) -> Response:
    """POST /api/{type}/{repo}/branch/{path}"""
    body = await json_of(request, BranchBody)
    await read(
        request,
        lambda call: refs.create_branch(
            call,
            repo_of(request),
            field(request, "path"),
            starting_point=body.starting_point,
            empty=body.empty_branch,
            overwrite=body.overwrite,
        ),
    )
    return respond.ok()


async def delete_branch(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/branch/{path}"""
    name = field(request, "path")
    await read(request, lambda call: refs.delete_branch(call, repo_of(request), name))
    return respond.ok()


async def create_tag(request: Request) -> Response:
    """POST /api/{type}/{repo}/tag/{revision}"""
    body = await json_of(request, TagBody)
    revision = field(request, "revision")
    await read(
        request,
        lambda call: refs.create_tag(call, repo_of(request), revision, body.tag, body.message),
    )
    return respond.ok()


async def delete_tag(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/tag/{path}"""
    name = field(request, "path")
    await read(request, lambda call: refs.delete_tag(call, repo_of(request), name))
    return respond.ok()


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/refs", list_refs, "all: list_repo_refs"),
    Route(("POST",), "/api/{type}/{repo}/branch/{path}", create_branch, "all: create_branch"),
    Route(("DELETE",), "/api/{type}/{repo}/branch/{path}", delete_branch, "all: delete_branch"),
    Route(("POST",), "/api/{type}/{repo}/tag/{revision}", create_tag, "all: create_tag"),
    Route(("DELETE",), "/api/{type}/{repo}/tag/{path}", delete_tag, "all: delete_tag"),
)
