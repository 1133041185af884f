"""Take in a push: the writing half of smart HTTP.

Right to push → commands → pack into a quarantine → completeness → the room's rules → objects in →
one transaction → report. A refusal is a report too, because git prints that; HTTP statuses stand
only for who may knock. Nothing is reported `ok` before it is durable.
https://git-scm.com/docs/gitprotocol-pack
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp

from strata.content import push as rules
from strata.content.receive import Push, Results, foreseen, take_in
from strata.core.call import Call
from strata.core.errors import StrataError
from strata.lib.git import wire
from strata.repos.projection import shown
from strata.web.git.body import Body
from strata.web.git.speech import KEEP_ALIVE_S, Streamed, kept_alive, packets, spoken
from strata.web.work import hub_of, read, repo_of

T = TypeVar("T")

RESULT: Final = "application/x-git-receive-pack-result"
UNPACKED: Final = "ok"
NO_PACK: Final = "unpacker error"

log = structlog.get_logger("strata.git")


@spoken
async def receive_pack(request: Request) -> ASGIApp:
    """POST /{web}{repo}/git-receive-pack — take in objects and move refs."""
    repo = await read(request, partial(rules.may_push, repo_id=repo_of(request)))
    body = Body(request)
    asked, pack = await wire.read_push(body)
    if not asked.commands:
        return packets(b"", RESULT)
    wanted = Push(repo, asked.commands, atomic="atomic" in asked.capabilities)
    working = asyncio.ensure_future(_Reception(request, body, asked, wanted).report(pack))
    await _until_read(working, body)
    if working.done():
        return packets(working.result(), RESULT)
    return Streamed(kept_alive(working, sideband=asked.sideband), RESULT, heeding=False)


async def _until_read(working: asyncio.Future[bytes], body: Body) -> None:
    """Wait until the client has sent everything, or we are through with it."""
    ended = asyncio.ensure_future(body.ended.wait())
    try:
        await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            # A short push needs no keeping alive, and a plain answer has a length.
            await asyncio.wait((working,), timeout=KEEP_ALIVE_S)
    except asyncio.CancelledError:
        working.cancel()
        raise
    finally:
        ended.cancel()


@dataclass(frozen=True, slots=True)
class _Reception:
    """One push on its way in."""

    request: Request
    body: Body
    asked: wire.PushRequest
    wanted: Push

    async def report(self, pack: AsyncIterator[bytes]) -> bytes:
        """Carry the push out; the report for the client."""
        refused = await self._ask(partial(foreseen, wanted=self.wanted))
        if refused is not None:
            await self._drain()
            return self._said(UNPACKED, refused)
        try:
            return await self._received(pack)
        except (wire.PackRefused, wire.TooLarge) as refusal:
            await self._drain()
            return self._said(str(refusal), self._all(NO_PACK), [_sentence(str(refusal))])

    async def _received(self, pack: AsyncIterator[bytes]) -> bytes:
        """Take in the pack, have it judged, and land it.

        Raises:
            PackRefused, TooLarge: the objects themselves cannot be taken.
        """
        if not self.asked.has_pack:
            return await self._landed(_nothing)
        hub = hub_of(self.request)
        store = hub.git_path(self.wanted.repo.key)
        with await wire.ingest_pack(store, pack, hub.settings.limits.push_bytes) as quarantine:
            known = await self._ask(partial(shown, repo=self.wanted.repo))
            tips = [ref.oid for ref in known]
            blobs = await quarantine.check([one.new for one in self.wanted.commands], tips)
            try:
                await self._ask(partial(self._judged, blobs=blobs, quarantine=quarantine))
            except StrataError as refusal:
                return self._said(UNPACKED, self._all(refusal.message), [refusal.message])
            return await self._landed(quarantine.promote)

    def _judged(
        self, call: Call, *, blobs: Sequence[wire.NewBlob], quarantine: wire.Quarantine
    ) -> None:
        rules.check(call, self.wanted.repo, blobs, quarantine.read_blobs)

    async def _landed(self, promote: Callable[[], None]) -> bytes:
        try:
            results = await self._ask(partial(take_in, wanted=self.wanted, promote=promote))
        except StrataError as refusal:
            return self._said(UNPACKED, self._all(refusal.message))
        return self._said(UNPACKED, results)

    async def _ask(self, act: Callable[[Call], T]) -> T:
        return await read(self.request, act)

    async def _drain(self) -> None:
        await self.body.drain(hub_of(self.request).settings.limits.push_bytes)

    def _all(self, reason: str) -> Results:
        return [(command.ref, reason) for command in self.wanted.commands]

    def _said(self, unpack: str, results: Results, messages: Sequence[str] = ()) -> bytes:
        moved = [ref for ref, why in results if why is None]
        log.info("push", repo=self.wanted.repo.full_name, moved=len(moved), asked=len(results))
        if "report-status" not in self.asked.capabilities:
            return wire.FLUSH
        return wire.report_status(unpack, results, sideband=self.asked.sideband, messages=messages)


def _nothing() -> None:
    """Promote the objects of a push that only deletes."""


def _sentence(text: str) -> str:
    return f"Refused: {text}"
