"""How a request reaches the chunk store: by CAS token, never by access token or cookie."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from starlette.requests import Request

from strata.blobs.xet import tokens
from strata.blobs.xet.tokens import Scope
from strata.core.call import Call
from strata.core.errors import BadCredentials, Malformed, NotFound, StrataError
from strata.credentials.tokens.presented.bearers import actor_of
from strata.lib.xet.hash import from_hex
from strata.repos.record import Repo
from strata.web.auth import token_in
from strata.web.spool import drained
from strata.web.work import exchange, field, hub_of

T = TypeVar("T")

PREFIXES = frozenset({"default", "default-merkledb"})  # hf_xet since 1.0, and before
# Decoding and hashing keep a processor busy for seconds; they must not take the threads of others,
# nor the database connections.
HEAVY_THREADS = max(2, min(4, os.cpu_count() or 1))

_heavy: RunVar[anyio.CapacityLimiter] = RunVar("strata-heavy")


async def admitted(request: Request, scope: Scope, act: Callable[[Call, Repo], T]) -> T:
    """Run an act as the person and for the repo that the request's token was made for.

    Raises:
        BadCredentials: no token, a wrong or expired one, or one whose access token is gone.
        Forbidden: it only reads, or the right to upload is gone since.
        RepoNotFound: the repo is gone, or hidden from that person, since.
    """
    token = token_in(request)
    if token is None:
        raise BadCredentials("A Xet access token is needed. Ask the hub for one.")
    claims = tokens.opened(hub_of(request), token, scope)

    def run(call: Call) -> T:
        caller = replace(call, actor=actor_of(call, claims.bearer))
        exchange(request).actor = caller.actor
        return act(caller, tokens.admitted(caller, claims))

    return await in_thread(request, run)


async def writer(request: Request) -> Repo:
    """The repo that a request with a large body may write to; a refused body is read to its end.

    Raises:
        BadCredentials, Forbidden, RepoNotFound: as `admitted`.
    """
    try:
        return await admitted(request, Scope.WRITE, lambda _, repo: repo)
    except StrataError:
        await drained(request)
        raise


async def in_thread(request: Request, act: Callable[[Call], T], *, heavy: bool = False) -> T:
    """Run an act in a worker thread, as whoever `admitted` has settled."""
    facts = exchange(request)

    def run() -> T:
        with facts.hub.database.reading() as db:
            return act(Call(facts.hub, facts.actor, db, facts.origin))

    limiter = _heavy_limiter() if heavy else facts.limiter
    return await anyio.to_thread.run_sync(run, limiter=limiter)


def _heavy_limiter() -> anyio.CapacityLimiter:
    try:
        return _heavy.get()
    except LookupError:
        _heavy.set(anyio.CapacityLimiter(HEAVY_THREADS))
        return _heavy.get()


def hash_in_path(request: Request, *, prefixed: bool = True) -> bytes:
    """The hash that the path names.

    Raises:
        NotFound: a prefix that no client sends.
        Malformed: not 64 hexadecimal digits.
    """
    if prefixed and field(request, "prefix") not in PREFIXES:
        raise NotFound("There is no such namespace of chunks.")
    try:
        return from_hex(field(request, "hash"))
    except ValueError as error:
        raise Malformed(f"Not a Xet hash: {error}.") from error
