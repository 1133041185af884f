"""The files of a bucket, folder by folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.content.bucket.queries import FileRow
from strata.content.bucket.reading import Entry, listing
from strata.content.bucket.record import bucket_at
from strata.core.call import Call
from strata.core.errors import EntryNotFound
from strata.core.names import RepoId
from strata.repos.record import Repo
from strata.web.pages.bucket.head import BucketHead, head_of
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import shown, visiting
from strata.web.work import field, repo_of

PER_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    address: str
    size: int | None  # bytes; None: a folder
    when: datetime | None  # of the latest upload
    download: str = ""  # address; empty: a folder

    @property
    def folder(self) -> bool:
        return self.size is None


@dataclass(frozen=True, slots=True)
class BucketPage:
    """All that the page shows."""

    head: BucketHead
    here: str  # address of this folder
    path: str  # of the folder; empty: the root
    trail: tuple[tuple[str, str], ...]
    parent: str  # address of the folder above; empty at the root
    rows: tuple[Row, ...]
    first: bool  # not reached by a cursor
    cursor: str | None


async def page(request: Request) -> Response:
    """GET /buckets/{repo}"""
    return await _shown(request, "")


async def folder(request: Request) -> Response:
    """GET /buckets/{repo}/tree/{path}"""
    return await _shown(request, field(request, "path").strip("/"))


async def _shown(request: Request, path: str) -> Response:
    repo_id, cursor = repo_of(request), request.query_params.get("cursor")
    visit, found = await visiting(request, lambda call: _page(call, repo_id, path, cursor))
    return shown(request, "repos/bucket.html", visit, page=found, head=found.head)


def _page(call: Call, repo_id: RepoId, path: str, cursor: str | None) -> BucketPage:
    bucket = bucket_at(call, repo_id)
    prefix = f"{path}/" if path else ""
    listed = listing(
        call, bucket.repo, prefix, recursive=False, limit=PER_PAGE, cursor=cursor or None
    )
    if path and not listed.entries and cursor is None:
        raise EntryNotFound
    head = head_of(call, bucket)
    trail = tuple(_trail(bucket.repo, head.home, path))
    return BucketPage(
        head=head,
        here=trail[-1][1],
        path=path,
        trail=trail,
        parent=trail[-2][1] if path else "",
        rows=tuple(_row(head.home, prefix, entry) for entry in listed.entries),
        first=not cursor,
        cursor=listed.cursor,
    )


def _trail(repo: Repo, home: str, path: str) -> Iterator[tuple[str, str]]:
    yield repo.name, home
    names = path.split("/") if path else []
    for depth, name in enumerate(names, 1):
        yield name, f"{home}/tree/{url_path('/'.join(names[:depth]))}"


def _row(home: str, prefix: str, entry: Entry) -> Row:
    name, path = entry.path.removeprefix(prefix), url_path(entry.path)
    if not isinstance(entry, FileRow):
        return Row(name, f"{home}/tree/{path}", None, entry.uploaded_at)
    address = f"{home}/resolve/{path}"
    return Row(name, address, entry.size, entry.uploaded_at, f"{address}?download=true")
