"""Shards come in: the files that a client made of its xorbs.

The older answer comes when all is done. The newer one is a line now and then, so that no timeout
strikes while large files are hashed, and its last line can carry a reason that the user reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strata.blobs.xet import shards
from strata.blobs.xet.shards import Progress
from strata.core.call import Call
from strata.core.errors import StrataError
from strata.lib.objects.receive import Received
from strata.lib.xet.limits import SHARD_MAX
from strata.repos.record import Repo
from strata.web.cas.admission import in_thread, writer
from strata.web.respond import json
from strata.web.spool import spooled
from strata.web.work import hub_of

BEAT_S = 5.0  # seconds between two lines; clients give up after 300

log = structlog.get_logger("strata.cas")


async def post_shard(request: Request) -> Response:
    """POST /xet/{epoch}/v1/shards: register files, answer when done."""
    repo = await writer(request)
    received = await _spooled(request)
    added = await _registered(request, repo, received, Progress())
    return json({"result": int(added)})


async def post_shard_streaming(request: Request) -> Response:
    """POST /xet/{epoch}/v2/shards: register files, tell how far it is."""
    repo = await writer(request)
    received = await _spooled(request)
    return StreamingResponse(_lines(request, repo, received), media_type="application/x-ndjson")


async def _spooled(request: Request) -> Received:
    staging = hub_of(request).objects.staging()
    return await spooled(request, staging, limit=SHARD_MAX, hashed=False)


async def _registered(request: Request, repo: Repo, received: Received, progress: Progress) -> bool:
    def act(call: Call) -> bool:
        try:
            return shards.register(call, repo, received, progress)
        finally:
            received.discard()

    return await in_thread(request, act, heavy=True)


async def _lines(request: Request, repo: Repo, received: Received) -> AsyncIterator[bytes]:
    progress = Progress()
    registering = asyncio.create_task(_registered(request, repo, received, progress))
    yield _line(_stage(progress))
    while not (await asyncio.wait({registering}, timeout=BEAT_S))[0]:
        yield _line(_stage(progress))
    yield _line(_outcome(registering))


def _stage(progress: Progress) -> dict[str, object]:
    if progress.committing:
        return {"type": "committing", "stage": "syncing"}
    return {"type": "validating", "verified": progress.verified, "total": progress.total}


def _outcome(registering: asyncio.Task[bool]) -> dict[str, object]:
    try:
        return {"type": "result", "result": int(registering.result())}
    except StrataError as error:
        return {"type": "error", "message": error.message, "retryable": False}
    except Exception:  # the status is sent; this line is all that can still be said
        log.exception("a shard could not be registered")
        message = "Something failed on our side. Try again."
        return {"type": "error", "message": message, "retryable": True}


def _line(event: dict[str, object]) -> bytes:
    return msgspec.json.encode(event) + b"\n"
