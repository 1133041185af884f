"""The large files of a repo, for those who manage it (02 §I)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.blobs.inventory.holdings import MAX_PAGE, Holding, Page
from strata.content.rewriting.naming import large_files_of
from strata.content.rewriting.removal import delete_large_files
from strata.core.call import Call
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import exchange, field, json_of, read, repo_of


class Deletions(msgspec.Struct, rename="camel"):
    """Which files, by their `fileOid`."""

    sha: list[str]
    rewrite_history: bool = False


class BatchBody(msgspec.Struct):
    """POST …/lfs-files/batch."""

    deletions: Deletions


async def list_files(request: Request) -> Response:
    """GET /api/{type}/{repo}/lfs-files"""
    limit = count_of(request, "limit")
    cursor = request.query_params.get("cursor")

    def act(call: Call) -> Page:
        repo = lookup(call, repo_of(request), Action.WRITE)
        return large_files_of(call, repo, MAX_PAGE if limit is None else limit, cursor)

    page = await read(request, act)
    link = respond.next_link(request, exchange(request).origin.base_url, page.cursor)
    return respond.json([_item(row) for row in page.rows], headers=link)


def _item(row: Holding) -> dict[str, object]:
    item: dict[str, object] = {
        "fileOid": row.oid,
        "filename": row.filename,
        "oid": row.oid,
        "pushedAt": respond.moment(row.pushed_at),
        "ref": row.ref,
        "size": row.size,
    }
    return item | {"xetHash": row.xet_hash} if row.xet_hash else item


async def delete_files(request: Request) -> Response:
    """POST /api/{type}/{repo}/lfs-files/batch"""
    wanted = (await json_of(request, BatchBody)).deletions
    return await _deleted(request, wanted.sha, rewrite_history=wanted.rewrite_history)


async def delete_file(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/lfs-files/{oid}"""
    rewrite = respond.flag(request, "rewriteHistory")
    return await _deleted(request, [field(request, "oid")], rewrite_history=rewrite)


async def _deleted(request: Request, oids: list[str], *, rewrite_history: bool) -> Response:
    repo_id = repo_of(request)
    await read(
        request,
        lambda call: delete_large_files(call, repo_id, oids, rewrite_history=rewrite_history),
    )
    return respond.ok()


_LISTS = "huggingface_hub ≥ 0.28: list_lfs_files"
_DELETES = "huggingface_hub ≥ 0.28: permanently_delete_lfs_files"
ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/lfs-files", list_files, _LISTS),
    Route(("POST",), "/api/{type}/{repo}/lfs-files/batch", delete_files, _DELETES),
    Route(("DELETE",), "/api/{type}/{repo}/lfs-files/{oid}", delete_file, "the Hub's API"),
)
