"""Carry a push out, whichever way it came.

Pack into a quarantine → completeness → the rules → objects in → refs → report. A refusal is a
report too, because git prints that. Nothing is reported `ok` before it is durable.
https://git-scm.com/docs/gitprotocol-pack
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import structlog

from strata.lib.git.model import NewBlob, PushRequest
from strata.lib.git.protocol.pktline import FLUSH
from strata.lib.git.protocol.push import report_status
from strata.lib.git.protocol.quarantine import PackRefused, Quarantine, ingest_pack
from strata.lib.git.protocol.upload import TooLarge

Context = TypeVar("Context")
Asked_co = TypeVar("Asked_co", covariant=True)
Answer = TypeVar("Answer")

Results = Sequence[tuple[str, str | None]]  # each ref, and why it did not move
UNPACKED: Final = "ok"
NO_PACK: Final = "unpacker error"
KEEP_ALIVE_S: Final = 5.0  # as git's receive.keepAlive; proxies give up on silence
_STILL_HERE: Final = b"0005\x01"  # an empty packet, as git's receive-pack sends it

log = structlog.get_logger("strata.git")


class Ask(Protocol[Asked_co]):
    """Runs a function of the rules where it may wait for the database."""

    def __call__(self, act: Callable[[Asked_co], Answer], /) -> Awaitable[Answer]: ...


@dataclass(frozen=True, slots=True)
class Rules(Generic[Context]):
    """What whoever owns a store says to one push; every function may wait."""

    name: str  # of the repo, for the log
    store: Path
    max_bytes: int
    # Refuses a push that can move nothing before its pack costs anything; None when it may.
    foreseen: Callable[[Context], Results | None]
    tips: Callable[[Context], Sequence[str]]  # what refs name already
    judged: Callable[[Context, Sequence[NewBlob], Quarantine], str | None]  # why it may not come
    landed: Callable[[Context, Callable[[], None]], Results]  # promotes the objects, moves refs
    remarks: Callable[[Context], Sequence[str]]  # what to tell after something has moved


@dataclass(frozen=True, slots=True)
class Reception(Generic[Context]):
    """One push on its way in."""

    asked: PushRequest
    rules: Rules[Context]
    ask: Ask[Context]
    drain: Callable[[], Awaitable[None]]  # reads on: who still sends does not hear an answer

    async def report(self, pack: AsyncIterator[bytes]) -> bytes:
        """Carry the push out; the report for the client."""
        refused = await self.ask(self.rules.foreseen)
        if refused is not None:
            await self.drain()
            return self._said(UNPACKED, refused)
        try:
            return await self._received(pack)
        except (PackRefused, TooLarge) as refusal:
            await self.drain()
            return self._said(str(refusal), self._all(NO_PACK), [f"Refused: {refusal}"])

    async def _received(self, pack: AsyncIterator[bytes]) -> bytes:
        """Take in the pack, have it judged, and land it.

        Raises:
            PackRefused, TooLarge: the objects themselves cannot be taken.
        """
        if not self.asked.has_pack:
            return await self._landed(_nothing)
        with await ingest_pack(self.rules.store, pack, self.rules.max_bytes) as quarantine:
            tips = await self.ask(self.rules.tips)
            blobs = await quarantine.check([one.new for one in self.asked.commands], tips)
            refusal = await self.ask(lambda context: self.rules.judged(context, blobs, quarantine))
            if refusal is not None:
                return self._said(UNPACKED, self._all(refusal), [refusal])
            return await self._landed(quarantine.promote)

    async def _landed(self, promote: Callable[[], None]) -> bytes:
        results = await self.ask(lambda context: self.rules.landed(context, promote))
        moved = any(why is None for _, why in results)
        return self._said(UNPACKED, results, await self.ask(self.rules.remarks) if moved else ())

    def _all(self, reason: str) -> Results:
        return [(command.ref, reason) for command in self.asked.commands]

    def _said(self, unpack: str, results: Results, messages: Sequence[str] = ()) -> bytes:
        moved = [ref for ref, why in results if why is None]
        log.info("push", repo=self.rules.name, moved=len(moved), asked=len(results))
        if "report-status" not in self.asked.capabilities:
            return FLUSH
        return report_status(unpack, results, sideband=self.asked.sideband, messages=messages)


async def kept_alive(
    working: asyncio.Future[bytes], *, sideband: bool, every_s: float = KEEP_ALIVE_S
) -> AsyncGenerator[bytes, None]:
    """Say now and then that we are still at it; a client that leaves does not undo its push."""
    while not working.done():
        if sideband:
            yield _STILL_HERE
        await asyncio.wait((working,), timeout=every_s)
    yield working.result()


def _nothing() -> None:
    """Promote the objects of a push that only deletes."""
