"""One file per request, as the first clients uploaded (02 §F3, huggingface_hub 0.0.19 to 0.7)."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from strata.content.rights import require_push
from strata.content.writing.commit import Committed, branch_at, commit
from strata.content.writing.operations import Add, Change, Delete, Operation
from strata.core.call import Call
from strata.core.errors import StrataError
from strata.core.names import RepoId, RepoType
from strata.web import respond
from strata.web.paths import Route
from strata.web.spool import drained, spooled
from strata.web.work import exchange, field, hub_of, read


async def _upload(request: Request, repo_type: RepoType) -> Response:
    repo_id, path = _repo(request, repo_type), field(request, "path")
    hub, revision = hub_of(request), field(request, "revision")
    await _let_in(request, repo_id, revision)
    limit = hub.settings.limits.max_file_bytes
    body = await spooled(request, hub.objects.staging(), limit=limit)
    try:
        change = Change(f"Upload {path}", "", [Add(path, body)])
        made = await read(request, lambda call: commit(call, repo_id, revision, change))
    finally:
        body.discard()
    page = f"{exchange(request).origin.base_url}{made.repo.web_path}"
    return respond.json({"url": f"{page}/blob/{quote(revision, safe='')}/{quote(path)}"})


async def _delete(request: Request, repo_type: RepoType) -> Response:
    path = field(request, "path")
    operations: list[Operation] = [Delete(path)]
    change = Change(f"Delete {path}", "", operations)

    def act(call: Call) -> Committed:
        return commit(call, _repo(request, repo_type), field(request, "revision"), change)

    await read(request, act)
    return respond.ok()


async def _let_in(request: Request, repo_id: RepoId, revision: str) -> None:
    """Refuse strangers before their body is received."""

    def act(call: Call) -> None:
        base = branch_at(call, repo_id, revision)
        require_push(call, base.repo, base.ref or "")

    try:
        await read(request, act)
    except StrataError:
        await drained(request)
        raise


def _repo(request: Request, repo_type: RepoType) -> RepoId:
    return RepoId(repo_type, field(request, "namespace"), field(request, "name"))


async def upload_model(request: Request) -> Response:
    """POST /api/{namespace}/{name}/upload/{revision}/{path}"""
    return await _upload(request, RepoType.MODEL)


async def upload_dataset(request: Request) -> Response:
    """POST /api/datasets/{namespace}/{name}/upload/{revision}/{path}"""
    return await _upload(request, RepoType.DATASET)


async def upload_space(request: Request) -> Response:
    """POST /api/spaces/{namespace}/{name}/upload/{revision}/{path}"""
    return await _upload(request, RepoType.SPACE)


async def delete_model(request: Request) -> Response:
    """DELETE /api/{namespace}/{name}/delete/{revision}/{path}"""
    return await _delete(request, RepoType.MODEL)


async def delete_dataset(request: Request) -> Response:
    """DELETE /api/datasets/{namespace}/{name}/delete/{revision}/{path}"""
    return await _delete(request, RepoType.DATASET)


async def delete_space(request: Request) -> Response:
    """DELETE /api/spaces/{namespace}/{name}/delete/{revision}/{path}"""
    return await _delete(request, RepoType.SPACE)


_CLIENTS = "huggingface_hub 0.0.19 to 0.7: upload_file"
_ID = "{namespace}/{name}"
_UPLOAD, _DELETE = "upload/{revision}/{path}", "delete/{revision}/{path}"
ROUTES: tuple[Route, ...] = (
    Route(("POST",), f"/api/datasets/{_ID}/{_UPLOAD}", upload_dataset, _CLIENTS),
    Route(("POST",), f"/api/spaces/{_ID}/{_UPLOAD}", upload_space, _CLIENTS),
    Route(("POST",), f"/api/{_ID}/{_UPLOAD}", upload_model, _CLIENTS),
    Route(("DELETE",), f"/api/datasets/{_ID}/{_DELETE}", delete_dataset, _CLIENTS),
    Route(("DELETE",), f"/api/spaces/{_ID}/{_DELETE}", delete_space, _CLIENTS),
    Route(("DELETE",), f"/api/{_ID}/{_DELETE}", delete_model, _CLIENTS),
)
