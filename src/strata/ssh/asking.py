"""How a connection reaches a room: one worker thread, one connection to the database, one function.

Who asks is looked up anew for each act, so that a key that is removed, or an account that is
closed, ends with the next act of a connection that is still open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio
import anyio.to_thread
from sqlalchemy.engine import Connection

from strata.access.policy.persons import require_entry
from strata.accounts.limits import address_of
from strata.accounts.plans.rates import Bucket, Rates, Standing
from strata.content.reading.downloads import DownloadCounts
from strata.core import maintenance
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import Call, Origin
from strata.core.errors import BadCredentials, Maintained, Moved
from strata.core.hub import Hub
from strata.core.names import RepoId
from strata.credentials.keys.ssh import actor_for_key
from strata.credentials.uses import Uses

T = TypeVar("T")

REMOVED = "This SSH key does not belong to an account any more."


@dataclass(frozen=True, slots=True)
class Process:
    """What all connections of a serving process share."""

    hub: Hub
    limiter: anyio.CapacityLimiter
    uses: Uses
    rates: Rates
    downloads: DownloadCounts
    base_url: str  # of the web, for links; no trailing slash


@dataclass(frozen=True, slots=True)
class Caller:
    """One connection and whose it is."""

    process: Process
    fingerprint: str | None  # of the key that was proved; None: anonymous
    origin: Origin

    @property
    def anonymous(self) -> bool:
        return self.fingerprint is None

    async def charge(self) -> None:
        """Count a command against the quota of the account, or of the address.

        Raises:
            TooMany: it is used up.
            Maintained: the hub is closed for a while.
            BadCredentials, AccountSuspended, Forbidden: as `ask`.
        """
        hub = self.process.hub
        wait_s = maintenance.wait_s(hub.settings.data, hub.clock())
        if wait_s is not None:
            raise Maintained(wait_s)
        standing = await self.ask(self._charged)
        if standing is not None:
            standing.require()

    def _charged(self, call: Call) -> Standing | None:
        caller = call.actor.user_id or address_of(self.origin.ip)
        return self.process.rates.take(Bucket.SSH, caller, call.now)

    async def ask(self, act: Callable[[Call], T]) -> T:
        """Run an act.

        Raises:
            BadCredentials: the key was removed since.
            AccountSuspended, Forbidden: the account is not open.
            Unauthenticated, EmailNotVerified: the hub is private, and not for this caller.
        """
        return await anyio.to_thread.run_sync(self._asked, act, limiter=self.process.limiter)

    def _asked(self, act: Callable[[Call], T]) -> T:
        hub = self.process.hub
        with hub.database.reading() as db:
            actor = self._actor(db)
            if hub.settings.private:
                require_entry(actor)
            self.process.uses.note(actor, hub.clock())
            return act(Call(hub, actor, db, self.origin))

    def _actor(self, db: Connection) -> Actor:
        if self.fingerprint is None:
            return ANONYMOUS
        actor = actor_for_key(db, self.process.hub, self.fingerprint)
        if actor is None:
            raise BadCredentials(REMOVED)
        return actor


def anywhere(act: Callable[[Call, RepoId], T], repo_id: RepoId) -> Callable[[Call], T]:
    """An act on a repo that may have moved: nobody can be sent on over SSH."""

    def settled(call: Call) -> T:
        try:
            return act(call, repo_id)
        except Moved as moved:
            return act(call, RepoId.parse(repo_id.type, moved.target))

    return settled
