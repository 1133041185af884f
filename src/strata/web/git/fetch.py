"""What a repo has, and packs of it: the reading half of smart HTTP, versions 0 to 2.

Refs come from the table; only packs come from the `git` program. Any object of the repo may be
asked for by its id, as any commit may be read by its sha everywhere else on the hub; partial clones
live on that. https://git-scm.com/docs/gitprotocol-http
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp

from strata.content.pushing.push import may_push
from strata.content.reading.downloads import DownloadCounts
from strata.core.call import Call
from strata.core.errors import Forbidden
from strata.core.names import RepoId
from strata.lib.git import wire
from strata.repos.lookup import lookup
from strata.repos.projection import HEAD, projected, shown
from strata.web.git.body import Body
from strata.web.git.speech import packets, spoken, streamed
from strata.web.work import exchange, read, repo_of

# A fetch names each object that it wants with 50 bytes: 300,000 files of a partial clone at once.
MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
RESULT: Final = "application/x-git-upload-pack-result"

log = structlog.get_logger("strata.git")


@spoken
async def info_refs(request: Request) -> ASGIApp:
    """GET /{web}{repo}/info/refs — the refs, and what the hub understands."""
    service = request.query_params.get("service", "")
    version = wire.protocol_version(request.headers.get("git-protocol"))
    match service:
        case "git-upload-pack":
            act = partial(_for_fetch, repo_id=repo_of(request), version=version)
        case "git-receive-pack":
            act = partial(_for_push, repo_id=repo_of(request), version=version)
        case _:
            raise Forbidden("This hub speaks git's smart protocol only: please update your git.")
    return packets(await read(request, act), f"application/x-{service}-advertisement")


def _for_fetch(call: Call, *, repo_id: RepoId, version: int) -> bytes:
    repo = lookup(call, repo_id)
    if version == 2:
        return wire.capabilities_v2()
    return wire.advertise_v0("git-upload-pack", shown(call, repo), HEAD, version=version)


def _for_push(call: Call, *, repo_id: RepoId, version: int) -> bytes:
    repo = may_push(call, repo_id)
    # A push has no version 2; git falls back by itself.
    return wire.advertise_v0("git-receive-pack", shown(call, repo), HEAD, version=version & 1)


@dataclass(frozen=True, slots=True)
class _Fetch:
    """A request for a pack that was looked over."""

    store: Path
    body: bytes
    version: int
    repo_id: int


@spoken
async def upload_pack(request: Request) -> ASGIApp:
    """POST /{web}{repo}/git-upload-pack — the refs (version 2), or a pack of what is asked for."""
    version = wire.protocol_version(request.headers.get("git-protocol"))
    body = await wire.collect(Body(request), MAX_REQUEST_BYTES)
    answer = await read(
        request, partial(_answered, repo_id=repo_of(request), body=body, version=version)
    )
    if isinstance(answer, bytes):
        return packets(answer, RESULT)
    counts = exchange(request).tallies.downloads
    return streamed(_pack(answer, counts), RESULT, heeding=True)


def _answered(call: Call, *, repo_id: RepoId, body: bytes, version: int) -> bytes | _Fetch:
    """Answer from the table, or check what git shall be asked."""
    repo = lookup(call, repo_id)
    if version == 2:
        asked = wire.parse_v2(body)
        if asked.command == "ls-refs":
            return wire.ls_refs(asked.arguments, shown(call, repo), HEAD)
        if not asked.command:
            return b""
        if asked.command != "fetch":
            return wire.error_packet(f"this hub does not know {asked.command[:80]!r}")
    if not wire.fetch_wants(body, version) and version != 2:
        return b""  # git's probe for whether it must log in
    return _Fetch(projected(call, repo), body, version, repo.id)


async def _pack(fetch: _Fetch, counts: DownloadCounts) -> AsyncGenerator[bytes, None]:
    """Let git speak; what it says about a wrong request is part of its output already."""
    silent = True
    try:
        async with aclosing(wire.upload_pack(fetch.store, fetch.body, fetch.version)) as pieces:
            async for piece in pieces:
                silent = False
                counts.add_bytes(fetch.repo_id, len(piece))
                yield piece
    except wire.GitFailed as failure:
        log.warning("upload-pack failed", store=fetch.store.name, reason=str(failure))
        if silent:
            yield wire.error_packet("the hub could not make a pack; its log says why")
