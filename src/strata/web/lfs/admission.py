"""Who asks for large files: as everywhere, or with what `git-lfs-authenticate` gave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request

from strata.blobs.lfs import grants
from strata.blobs.lfs.grants import Grant, Operation
from strata.core.call import Call
from strata.core.errors import BadCredentials
from strata.credentials.tokens.presented.bearers import actor_of
from strata.web.auth import lfs_credential_in
from strata.web.charging import at_address, caller_of
from strata.web.entrance import enter
from strata.web.work import Exchange, exchange, read, repo_of

T = TypeVar("T")


async def admitted(request: Request, operation: Operation, act: Callable[[Call], T]) -> T:
    """Run a reading act as whoever the request speaks for.

    Raises:
        BadCredentials: the credential is wrong, expired, or what it was made with is gone.
        Forbidden: it is for another repo or another operation.
        RepoNotFound, Moved, GatedRepo, RepoDisabled, Unauthenticated, EmailNotVerified.
    """
    credential = lfs_credential_in(request)
    if credential is None:
        return await read(request, act)
    facts = exchange(request)

    def run() -> T:
        with facts.hub.database.reading() as db:
            call = Call(facts.hub, facts.actor, db, facts.origin)
            caller, grant = _bearing(facts, call, credential)
            enter(facts.hub, None, caller.actor)
            facts.charge(caller_of(caller.actor, facts.origin.ip))
            grants.require(caller, grant, repo_of(request), operation)
            return act(caller)

    return await anyio.to_thread.run_sync(run, limiter=facts.limiter)


def _bearing(facts: Exchange, call: Call, credential: str) -> tuple[Call, Grant]:
    try:
        grant = grants.opened(facts.hub, credential)
        caller = replace(call, actor=actor_of(call, grant.bearer))
    except BadCredentials:
        address = at_address(facts.origin.ip)
        facts.charge(address)
        facts.tallies.rates.note_failure(address, facts.hub.clock())
        raise
    facts.actor = caller.actor
    return caller, grant
