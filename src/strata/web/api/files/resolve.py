"""Download a file (conventions §8).

The hottest door: one repo, one permission, one ref, one walk down the tree, and no write.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.access.policy.gate import OPEN_FILES
from strata.access.policy.verbs import Action
from strata.blobs.links import Place, where
from strata.content.reading.files import File, file_at
from strata.content.snapshot import Snapshot, snapshot_at
from strata.core.call import Call
from strata.core.errors import EntryNotFound
from strata.core.names import is_sha
from strata.lib.git import read as git
from strata.web.api.files.answer import Found, answer_of
from strata.web.api.files.download import download_of, redirects, xet_links
from strata.web.paths import Route
from strata.web.work import field, glance, hub_of, read, repo_of


async def resolve(request: Request) -> ASGIApp:
    """GET /{web}{repo}/resolve/{revision}/{path}"""
    # A HEAD reads no content, so it is not worth a thread.
    settled = glance if request.method == "HEAD" else read
    path = field(request, "path")
    action = Action.LOOK if path in OPEN_FILES else Action.READ
    found = await settled(request, lambda call: _find(call, request, action, expand=True))
    return download_of(request, found)


async def raw(request: Request) -> ASGIApp:
    """GET /{web}{repo}/raw/{revision}/{path}

    As git has it: the pointer of a large file, not the file.
    """
    found = await read(request, lambda call: _find(call, request, Action.READ, expand=False))
    return answer_of(request, hub_of(request), found)


def _find(call: Call, request: Request, action: Action, *, expand: bool) -> Found:
    at, path = snapshot_at(
        call, repo_of(request), field(request, "revision"), field(request, "path"), action
    )
    file = file_at(call, at, path, expand=expand)
    return Found(
        file=file,
        commit=file.commit,
        place=_place(call, at, file, headers_only=request.method == "HEAD"),
        immutable=is_sha(field(request, "revision")),
        links=_links(call, at, file),
        repo_id=at.repo.id,
    )


def _place(call: Call, at: Snapshot, file: File, *, headers_only: bool) -> Place | bytes | None:
    if file.pointer is None:
        return None if headers_only else git.read_blob(at.git_path, file.blob_oid)
    if headers_only and not redirects(call, stored=file.stored):
        return None
    try:
        return where(call, at.repo, file.pointer.oid, filename=file.path.rpartition("/")[2])
    except EntryNotFound as missing:
        raise EntryNotFound(missing.message, commit=file.commit) from missing


def _links(call: Call, at: Snapshot, file: File) -> str | None:
    if file.xet_hash is None:
        return None
    repo = at.repo
    api = f"{call.origin.base_url}/api/{repo.type.plural}/{repo.full_name}"
    return xet_links(call, f"{api}/xet-read-token/{file.commit}", file.xet_hash)


_CLIENTS = "all: every download"
ROUTES: tuple[Route, ...] = (
    Route(("GET", "HEAD"), "/{web}{repo}/resolve/{revision}/{path}", resolve, _CLIENTS),
    Route(("GET", "HEAD"), "/{web}{repo}/raw/{revision}/{path}", raw, "browsers, @huggingface/hub"),
    Route(
        ("GET", "HEAD"),
        "/api/resolve-cache/{type}/{repo}/{revision}/{path}",
        resolve,
        "clients that follow the public Hub's redirects",
    ),
)
