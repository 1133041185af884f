"""Download a file (conventions §8).

The hottest door: one repo, one permission, one ref, one walk down the tree, and no write.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.access.policy import OPEN_FILES, Action
from strata.blobs.links import Place, where
from strata.blobs.xet.tokens import cas_url
from strata.content.files import File, file_at
from strata.content.snapshot import Snapshot, snapshot_at
from strata.core.call import Call
from strata.core.errors import EntryNotFound
from strata.core.names import is_sha
from strata.lib.git import read as git
from strata.web import respond
from strata.web.api.file_answer import (
    XET_FILE_INFO,
    Found,
    answer_of,
    headers_of,
    wants_xet_facts,
)
from strata.web.paths import Route
from strata.web.work import exchange, field, glance, hub_of, read, repo_of


async def resolve(request: Request) -> ASGIApp:
    """GET /{web}{repo}/resolve/{revision}/{path}"""
    # A HEAD reads no content, so it is not worth a thread.
    settled = glance if request.method == "HEAD" else read
    path = field(request, "path")
    action = Action.LOOK if path in OPEN_FILES else Action.READ
    found = await settled(request, lambda call: _find(call, request, action, expand=True))
    if found.file.xet_hash and wants_xet_facts(request):
        return _xet_facts(found)
    if request.method == "GET":
        _count(request, found)
    return answer_of(request, hub_of(request), found)


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
        place=_place(call, at, file, headers_only=request.method == "HEAD"),
        immutable=is_sha(field(request, "revision")),
        links=_links(call, at, file),
        repo_id=at.repo.id,
    )


def _place(call: Call, at: Snapshot, file: File, *, headers_only: bool) -> Place | bytes | None:
    if file.pointer is None:
        return None if headers_only else git.read_blob(at.git_path, file.blob_oid)
    if headers_only and not (file.stored and _redirects(call)):
        return None
    try:
        return where(call, at.repo, file.pointer.oid, filename=file.path.rpartition("/")[2])
    except EntryNotFound as missing:
        raise EntryNotFound(missing.message, commit=file.commit) from missing


def _redirects(call: Call) -> bool:
    """Whether a HEAD must learn of another address, too."""
    settings = call.hub.settings.objects
    return bool(settings.url) and settings.redirect


def _links(call: Call, at: Snapshot, file: File) -> str | None:
    if file.xet_hash is None:
        return None
    repo = at.repo
    api = f"{call.origin.base_url}/api/{repo.type.plural}/{repo.full_name}"
    token, cas = f"{api}/xet-read-token/{file.commit}", cas_url(call)
    return (
        f'<{token}>; rel="xet-auth", '
        f'<{cas}/v2/reconstructions/{file.xet_hash}>; rel="xet-reconstruction-info"'
    )


def _xet_facts(found: Found) -> ASGIApp:
    """What the file is, for a client that fetches its chunks itself."""
    file = found.file
    body = {"hash": file.xet_hash, "size": file.size, "etag": f'"{file.etag}"'}
    headers = {**headers_of(found), "Content-Type": XET_FILE_INFO}
    return respond.json(body, headers=headers)


def _count(request: Request, found: Found) -> None:
    facts = exchange(request)
    caller = str(facts.actor.user_id or facts.origin.ip)
    facts.tallies.downloads.add(found.repo_id, caller, facts.hub.clock())


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
