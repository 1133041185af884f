"""Git over SSH: the conversations of `git fetch` and `git push`, by the same rules as over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import structlog

from strata.content.pushing.push import may_push
from strata.content.pushing.receive import Push, rules_of
from strata.core.call import Call
from strata.core.errors import Malformed, RepoNotFound
from strata.core.names import RepoId
from strata.lib.git import wire
from strata.repos.lookup import lookup
from strata.repos.projection import HEAD, projected, shown
from strata.repos.record import Repo
from strata.ssh.asking import Caller, anywhere
from strata.ssh.streams import Streams

log = structlog.get_logger("strata.git")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One git command of one caller."""

    caller: Caller
    streams: Streams
    repo_id: RepoId
    version: int  # of the protocol that the client asked for

    async def fetch(self) -> int:
        """Serve `git-upload-pack`; the exit code.

        Raises:
            StrataError: the caller may not read this.
            Gone: the client.
        """
        repo, store = await self.caller.ask(anywhere(_readable, self.repo_id))
        counts = self.caller.process.downloads
        talk = wire.converse(store, self._wishes(repo), self.version, idle_s=self.streams.idle_s)
        try:
            async with aclosing(talk) as pieces:
                async for piece in pieces:
                    counts.add_bytes(repo.id, len(piece))
                    await self.streams.send(piece)
        except wire.GitFailed as failure:
            log.info("upload-pack ended early", store=store.name, reason=str(failure))
            return 1
        return 0

    async def _wishes(self, repo: Repo) -> AsyncIterator[bytes]:
        """What the client sends, while it may read: one conversation can ask for days.

        Raises:
            StrataError: the caller may not read this any more.
            Gone: the client.
        """

        def still(call: Call, repo_id: RepoId) -> None:
            if lookup(call, repo_id).id != repo.id:  # its name is another one's by now
                raise RepoNotFound

        async for piece in self.streams.incoming():
            await self.caller.ask(anywhere(still, self.repo_id))
            yield piece

    async def push(self) -> int:
        """Serve `git-receive-pack`; the exit code.

        Raises:
            StrataError: the caller may push nothing here, or what came is not git's.
            Gone: the client.
        """
        version = self.version & 1  # a push has no version 2; git falls back by itself
        repo, refs = await self.caller.ask(anywhere(_pushable, self.repo_id))
        await self.streams.send(
            wire.advertise_v0("git-receive-pack", refs, HEAD, announce=False, version=version)
        )
        try:
            asked, pack = await wire.read_push(self.streams.incoming())
        except wire.Malformed as error:
            raise Malformed(f"This is not what git sends: {error}.") from error
        if not asked.commands:
            return 0
        wanted = Push(repo, asked.commands, atomic="atomic" in asked.capabilities)
        rules = rules_of(self.caller.process.hub, wanted)
        reception = wire.Reception(asked, rules, self.caller.ask, _enough)
        working = asyncio.ensure_future(reception.report(pack))
        await self._answer(working, sideband=asked.sideband)
        return 0

    async def _answer(self, working: asyncio.Future[bytes], *, sideband: bool) -> None:
        """Send the report; a client that leaves does not undo its push."""
        try:
            async with aclosing(wire.kept_alive(working, sideband=sideband)) as pieces:
                async for piece in pieces:
                    await self.streams.send(piece)
        finally:
            await asyncio.wait((working,))
            if not working.cancelled():
                working.exception()  # looked at: a client that left hears of none


def _readable(call: Call, repo_id: RepoId) -> tuple[Repo, Path]:
    repo = lookup(call, repo_id)
    return repo, projected(call, repo)


def _pushable(call: Call, repo_id: RepoId) -> tuple[Repo, list[wire.Ref]]:
    repo = may_push(call, repo_id)
    return repo, shown(call, repo)


async def _enough() -> None:
    """Read no further: a client on a connection of its own hears us while it sends."""
