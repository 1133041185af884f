"""Take in a push: the writing half of smart HTTP.

Right to push → commands → `lib.git.protocol.reception`, whose report carries refusals too; HTTP
statuses stand only for who may knock.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.content.pushing.push import may_push
from strata.content.pushing.receive import Push, rules_of
from strata.lib.git import wire
from strata.web.git.body import Body
from strata.web.git.speech import packets, spoken, streamed
from strata.web.work import hub_of, read, repo_of

RESULT: Final = "application/x-git-receive-pack-result"


@spoken
async def receive_pack(request: Request) -> ASGIApp:
    """POST /{web}{repo}/git-receive-pack — take in objects and move refs."""
    repo = await read(request, partial(may_push, repo_id=repo_of(request)))
    body = Body(request)
    asked, pack = await wire.read_push(body)
    if not asked.commands:
        return packets(b"", RESULT)
    wanted = Push(repo, asked.commands, atomic="atomic" in asked.capabilities)
    hub = hub_of(request)
    reception = wire.Reception(
        asked=asked,
        rules=rules_of(hub, wanted),
        ask=partial(read, request),
        drain=partial(body.drain, hub.settings.limits.push_bytes),
    )
    working = asyncio.ensure_future(reception.report(pack))
    await _until_read(working, body)
    if working.done():
        return packets(working.result(), RESULT)
    return streamed(wire.kept_alive(working, sideband=asked.sideband), RESULT, heeding=False)


async def _until_read(working: asyncio.Future[bytes], body: Body) -> None:
    """Wait until the client has sent everything, or we are through with it."""
    ended = asyncio.ensure_future(body.ended.wait())
    try:
        await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            # A short push needs no keeping alive, and a plain answer has a length.
            await asyncio.wait((working,), timeout=wire.KEEP_ALIVE_S)
    except asyncio.CancelledError:
        working.cancel()
        raise
    finally:
        ended.cancel()
