"""Large files of one repo given to another, so that a commit there may name them (02 §I).

huggingface_hub calls this before a commit that copies across repos.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.blobs.keep import share
from strata.blobs.present import large_files
from strata.core.call import Work
from strata.core.errors import TooLarge
from strata.core.names import Oid, RepoId, RepoType
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import json_of, repo_of, work

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


async def duplicate(request: Request) -> Response:
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
    target = lookup(within, RepoId.parse(body.target.type, body.target.name))
    held = large_files(within, source, [Oid(file.sha256) for file in body.files])
    oids = {
        file.sha256: file.xet_hash in {None, held[oid].xet_hash}
        for file in body.files
        if (oid := Oid(file.sha256)) in held
    }
    share(within, source, target, [Oid(oid) for oid, agrees in oids.items() if agrees])
    return [file.sha256 for file in body.files if not oids.get(file.sha256)]


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/{type}/{repo}/lfs-files/duplicate",
        duplicate,
        "huggingface_hub ≥ 1.17: copies across repos",
    ),
)
