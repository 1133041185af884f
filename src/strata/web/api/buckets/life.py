"""Buckets over HTTP (02 §T): their life, and listings of them and of what is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content.bucket import reading, record
from strata.content.bucket.listing import buckets_of
from strata.content.bucket.queries import FileRow
from strata.content.bucket.reading import Folder
from strata.content.bucket.record import Bucket
from strata.core.call import Call
from strata.core.errors import NotOffered, RepoNotFound, Unauthenticated
from strata.core.names import RepoType
from strata.lib.db.seek import Page
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.numbers import count_of
from strata.web.api.people.organizations import NO_GROUPS
from strata.web.api.repos.life import Visibility, private_of
from strata.web.paths import Route
from strata.web.work import exchange, field, json_of, read, repo_of, work

ME: Final = "me"  # the caller's own namespace


class CreateBody(msgspec.Struct):
    """POST /api/buckets/{repo}; where the bytes of a hub of one place stand cannot be chosen."""

    visibility: Visibility | None = None
    private: bool | None = None
    resource_group: str | None = msgspec.field(name="resourceGroupId", default=None)


class SettingsBody(msgspec.Struct):
    """PUT /api/buckets/{repo}/settings."""

    visibility: Visibility | None = None
    private: bool | None = None


class PathsBody(msgspec.Struct):
    """POST /api/buckets/{repo}/paths-info."""

    paths: list[str]


async def create(request: Request) -> Response:
    """POST /api/buckets/{repo}"""
    body = await json_of(request, CreateBody)
    if body.resource_group:
        raise NotOffered(NO_GROUPS)
    asked = repo_of(request)
    wish = Wish(
        type=RepoType.BUCKET,
        namespace=None if asked.namespace == ME else asked.namespace,
        name=asked.name,
        private=private_of(body.visibility, body.private),
    )
    repo = await work(request, lambda within: record.create(within, wish))
    url = f"{exchange(request).origin.base_url}{repo.web_path}"
    return respond.json({"url": url, "name": repo.full_name, "id": repo.key})


async def info(request: Request) -> Response:
    """GET /api/buckets/{repo}"""
    bucket = await read(request, lambda call: record.bucket_at(call, repo_of(request)))
    return respond.json(_bucket(bucket))


async def listed(request: Request) -> Response:
    """GET /api/buckets/{owner}"""
    window = window_of(request, 1)
    search = request.query_params.get("search", "")

    def act(call: Call) -> Page[Bucket]:
        return buckets_of(call, _owner(call, field(request, "owner")), search, window)

    page = await read(request, act)
    return respond.json([_bucket(bucket) for bucket in page.rows], headers=next_link(request, page))


async def nameless(request: Request) -> Response:
    """DELETE /api/buckets/{owner}: half an id names no bucket."""
    await read(request, lambda _: None)  # a wrong token is told first
    raise RepoNotFound


async def settings(request: Request) -> Response:
    """PUT /api/buckets/{repo}/settings"""
    body = await json_of(request, SettingsBody)
    wanted = change.Settings(private=private_of(body.visibility, body.private))
    repo = await work(
        request, lambda within: change.change_settings(within, repo_of(request), wanted)
    )
    return respond.json({"private": repo.private})


async def delete(request: Request) -> Response:
    """DELETE /api/buckets/{repo}"""
    await work(request, lambda within: record.delete(within, repo_of(request)))
    return respond.ok()


async def tree(request: Request) -> Response:
    """GET /api/buckets/{repo}/tree/{path}

    `path` is the beginning of names, not a folder. Without `recursive` all files are listed.
    """
    recursive = "recursive" not in request.query_params or respond.flag(request, "recursive")

    def act(call: Call) -> reading.Page:
        return reading.listing(
            call,
            lookup(call, repo_of(request)),
            field(request, "path"),
            recursive=recursive,
            limit=count_of(request, "limit"),
            cursor=request.query_params.get("cursor"),
        )

    page = await read(request, act)
    link = respond.next_link(request, exchange(request).origin.base_url, page.cursor)
    return respond.json([_entry(entry) for entry in page.entries], headers=link)


async def paths_info(request: Request) -> Response:
    """POST /api/buckets/{repo}/paths-info"""
    body = await json_of(request, PathsBody)

    def act(call: Call) -> list[FileRow]:
        return reading.files_among(call, lookup(call, repo_of(request)), body.paths)

    return respond.json([_file(file) for file in await read(request, act)])


def _owner(call: Call, name: str) -> str:
    if name != ME:
        return name
    if call.actor.name is None:
        raise Unauthenticated("Invalid username or password.")
    return call.actor.name


def _bucket(bucket: Bucket) -> dict[str, object]:
    repo = bucket.repo
    return {
        "_id": repo.key,
        "id": repo.full_name,
        "author": repo.namespace,
        "private": repo.private,
        "createdAt": respond.moment(repo.created_at),
        "updatedAt": respond.moment(bucket.holding.changed_at),
        "size": bucket.holding.size,
        "totalFiles": bucket.holding.files,
    }


def _entry(entry: FileRow | Folder) -> dict[str, object]:
    if isinstance(entry, FileRow):
        return _file(entry)
    answer: dict[str, object] = {"type": "directory", "path": entry.path}
    return answer | _dated("uploadedAt", entry.uploaded_at)


def _file(file: FileRow) -> dict[str, object]:
    answer: dict[str, object] = {
        "type": "file",
        "path": file.path,
        "size": file.size,
        "xetHash": file.xet_hash,
        "uploadedAt": respond.moment(file.uploaded_at),
    }
    return answer | _dated("mtime", file.mtime)


def _dated(name: Literal["mtime", "uploadedAt"], when: datetime | None) -> dict[str, str]:
    return {} if when is None else {name: respond.moment(when)}


_CLIENTS: Final = "huggingface_hub ≥ 1.5"
ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/buckets/{owner}", listed, f"{_CLIENTS}: list_buckets"),
    Route(("DELETE",), "/api/buckets/{owner}", nameless),
    Route(("POST",), "/api/buckets/{repo}", create, f"{_CLIENTS}: create_bucket"),
    Route(("GET",), "/api/buckets/{repo}", info, f"{_CLIENTS}: bucket_info"),
    Route(
        ("DELETE",), "/api/buckets/{repo}", delete, f"{_CLIENTS}, @huggingface/hub: delete_bucket"
    ),
    Route(
        ("PUT",),
        "/api/buckets/{repo}/settings",
        settings,
        "huggingface_hub ≥ 1.29: update_bucket_settings",
    ),
    Route(("GET",), "/api/buckets/{repo}/tree/{path}", tree, f"{_CLIENTS}: list_bucket_tree"),
    Route(
        ("POST",),
        "/api/buckets/{repo}/paths-info",
        paths_info,
        f"{_CLIENTS}: get_bucket_paths_info",
    ),
)
