"""Download a file of a bucket (02 §T): like any large file, but what is there now."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.blobs.links import Place, where
from strata.content.bucket import reading
from strata.content.bucket.queries import FileRow
from strata.core.call import Call
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.api.files.answer import Found
from strata.web.api.files.download import download_of, redirects, xet_links
from strata.web.paths import Route
from strata.web.work import field, glance, read, repo_of


async def resolve(request: Request) -> ASGIApp:
    """GET /buckets/{repo}/resolve/{path}"""
    settled = glance if request.method == "HEAD" else read
    return download_of(request, await settled(request, lambda call: _find(call, request)))


def _find(call: Call, request: Request) -> Found:
    bucket = lookup(call, repo_of(request))
    file = reading.file_at(call, bucket, field(request, "path"))
    api = f"{call.origin.base_url}/api/buckets/{bucket.full_name}"
    return Found(
        file=file,
        commit=None,
        place=_place(call, bucket, file, headers_only=request.method == "HEAD"),
        immutable=False,
        links=xet_links(call, f"{api}/xet-read-token", file.xet_hash),
        repo_id=bucket.id,
        declared_type=file.content_type,
    )


def _place(call: Call, bucket: Repo, file: FileRow, *, headers_only: bool) -> Place | None:
    if headers_only and not redirects(call, stored=file.stored):
        return None
    return where(call, bucket, file.oid, filename=file.path.rpartition("/")[2])


ROUTES: tuple[Route, ...] = (
    Route(
        ("GET", "HEAD"),
        "/buckets/{repo}/resolve/{path}",
        resolve,
        "huggingface_hub ≥ 1.5, @huggingface/hub",
    ),
)
