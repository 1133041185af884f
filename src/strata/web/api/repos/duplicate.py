"""Copies without moving bytes: a whole repo (02 §A5), and large files given to another (02 §I).

huggingface_hub gives files before a commit that copies across repos.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.blobs.keep import share
from strata.blobs.present import large_files
from strata.blobs.xet import held
from strata.content.making.duplicate import Place, duplicate
from strata.core.call import Work
from strata.core.errors import Malformed, NotOffered, TooLarge
from strata.core.names import Oid, RepoId, RepoType
from strata.repos.lookup import followed, lookup
from strata.repos.record import Repo
from strata.web import respond
from strata.web.api.people.organizations import NO_GROUPS
from strata.web.api.repos.life import Visibility, private_of
from strata.web.paths import Route
from strata.web.work import exchange, json_of, read, repo_of, work

MAX_FILES = 500


class WantedFile(msgspec.Struct, rename="camel"):
    """A large file of the source, by both of its hashes."""

    sha256: str
    xet_hash: str | None = None


class TargetBody(msgspec.Struct):
    """The repo that is given the files."""

    type: RepoType
    name: str


class DuplicateBody(msgspec.Struct):
    """POST …/lfs-files/duplicate."""

    target: TargetBody
    files: list[WantedFile]


class RepoBody(msgspec.Struct, rename="camel"):
    """POST /api/{type}/{repo}/duplicate; what steers a machine that we do not run is ignored."""

    repository: str
    visibility: Visibility | None = None
    private: bool | None = None
    resource_group_id: str | None = None


async def whole(request: Request) -> Response:
    """POST /api/{type}/{repo}/duplicate"""
    body = await json_of(request, RepoBody)
    if body.resource_group_id:
        raise NotOffered(NO_GROUPS)
    namespace, slash, name = body.repository.partition("/")
    if not slash:
        raise Malformed('"repository" must be the id of the copy: namespace/name.')
    place = Place(namespace, name, private_of(body.visibility, body.private))
    made = await read(request, lambda call: duplicate(call, repo_of(request), place))
    url = f"{exchange(request).origin.base_url}{made.web_path}"
    return respond.json({"url": url, "name": made.full_name, "id": made.key})


async def large(request: Request) -> Response:
    """POST /api/{type}/{repo}/lfs-files/duplicate"""
    body = await json_of(request, DuplicateBody)
    if len(body.files) > MAX_FILES:
        raise TooLarge(f"Ask for at most {MAX_FILES} files at once.")
    failed = await work(request, lambda within: _give(within, repo_of(request), body))
    error = "The source repository has no such file."
    return respond.json({"failed": [{"sha256": oid, "error": error} for oid in failed]})


def _give(within: Work, source_id: RepoId, body: DuplicateBody) -> list[str]:
    """Give the files; the sha256 of those that the source lacks."""
    source = lookup(within, source_id)
    target = followed(within, RepoId.parse(body.target.type, body.target.name))
    found = _found(within, source, body.files)
    share(within, source, target, found)
    return [file.sha256 for file in body.files if file.sha256 not in found]


def _found(within: Work, source: Repo, files: list[WantedFile]) -> list[Oid]:
    """The files that the source has, under all the names that were given."""
    by_hash = held.readable(within, source, [file.xet_hash for file in files if file.xet_hash])
    bare = [Oid(file.sha256) for file in files if file.xet_hash is None]
    by_oid = large_files(within, source, bare) if source.type.has_git else {}
    named: set[tuple[str | None, str]] = {(name, file.oid) for name, file in by_hash.items()}
    named |= {(None, oid) for oid in by_oid}
    return [Oid(file.sha256) for file in files if (file.xet_hash, file.sha256) in named]


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/{type}/{repo}/duplicate",
        whole,
        "huggingface_hub ≥ 0.16: duplicate_space, duplicate_repo",
    ),
    Route(
        ("POST",),
        "/api/{type}/{repo}/lfs-files/duplicate",
        large,
        "huggingface_hub ≥ 1.17: copies across repos",
    ),
    Route(("POST",), "/api/buckets/{repo}/lfs-files/duplicate", large),
)
