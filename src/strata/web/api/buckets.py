"""Buckets over HTTP (02 §T): their life, listings, and the batches that change them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content.bucket import batch as batches, reading, record
from strata.content.bucket.batch import Outcome
from strata.content.bucket.listing import buckets_of
from strata.content.bucket.queries import FileRow
from strata.content.bucket.reading import Folder
from strata.content.bucket.record import Bucket
from strata.content.bucket.steps import AddFile, CopyFile, DeleteFile, Step
from strata.core.call import Call
from strata.core.errors import (
    Malformed,
    NotOffered,
    RepoNotFound,
    StrataError,
    TooLarge,
    Unauthenticated,
)
from strata.core.names import RepoId, RepoType, is_oid
from strata.lib.db.columns import from_millis
from strata.lib.db.seek import Page
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.numbers import count_of
from strata.web.api.organizations import NO_GROUPS
from strata.web.api.repos import Visibility, private_of
from strata.web.paths import Route
from strata.web.work import body_of, exchange, field, json_of, read, repo_of, work

MAX_STEPS: Final = 10_000  # of one batch; clients send up to 1,000
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


# Milliseconds since 1970, from 1900 to 9999: what a date on the wire can say.
MediaType = Annotated[str, msgspec.Meta(max_length=255, pattern="^[ -~]*$")]
Millis = Annotated[int, msgspec.Meta(ge=-2_208_988_800_000, le=253_402_300_799_999)]


class AddLine(msgspec.Struct, tag_field="type", tag="addFile", rename="camel"):
    """A line of a batch: an uploaded file."""

    path: str
    xet_hash: str
    mtime: Millis | None = None
    content_type: MediaType | None = None


class CopyLine(msgspec.Struct, tag_field="type", tag="copyFile", rename="camel"):
    """A line of a batch: a file that a repo or another bucket has."""

    path: str
    xet_hash: str
    source_repo_type: RepoType
    source_repo_id: str
    mtime: Millis | None = None
    content_type: MediaType | None = None


class DeleteLine(msgspec.Struct, tag_field="type", tag="deleteFile"):
    """A line of a batch: a file to delete."""

    path: str


Line = AddLine | CopyLine | DeleteLine
_lines = msgspec.json.Decoder(Line)


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


async def batch(request: Request) -> Response:
    """POST /api/buckets/{repo}/batch"""
    steps = list(_steps(await body_of(request)))
    outcome = await work(request, lambda within: batches.apply(within, repo_of(request), steps))
    failed = [{"path": one.path, "error": one.error} for one in outcome.refused]
    answer = {
        "success": not failed,
        "processed": outcome.processed,
        "succeeded": outcome.processed - len(failed),
        "failed": failed,
    }
    return respond.json(answer, 422 if _nothing_done(outcome) else 200)


def _nothing_done(outcome: Outcome) -> bool:
    return outcome.processed > 0 and len(outcome.refused) == outcome.processed


def _steps(body: bytes) -> Iterator[Step]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > MAX_STEPS:
        raise TooLarge(f"A batch may have {MAX_STEPS} lines; send several.")
    for number, text in enumerate(lines, 1):
        try:
            yield _step(_lines.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError, StrataError) as error:
            raise Malformed(f"Line {number} of the batch: {error}") from error


def _step(line: Line) -> Step:
    if isinstance(line, DeleteLine):
        return DeleteFile(line.path)
    if not is_oid(line.xet_hash):
        raise Malformed('"xetHash" must be 64 lowercase hexadecimal digits.')
    mtime = None if line.mtime is None else from_millis(line.mtime)
    if isinstance(line, AddLine):
        return AddFile(line.path, line.xet_hash, mtime, line.content_type)
    source = RepoId.parse(line.source_repo_type, line.source_repo_id)
    return CopyFile(line.path, line.xet_hash, source, mtime, line.content_type)


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
    Route(("POST",), "/api/buckets/{repo}/batch", batch, f"{_CLIENTS}: batch_bucket_files"),
)
