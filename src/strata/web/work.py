"""How a request reaches a room: one worker thread, one connection, one function.

    repo = await read(request, lambda call: lookup(call, repo_id))
    url = await work(request, lambda work: create(work, …))

`read` gives a `Call`. `work` gives a `Work` and commits before the answer's first byte, so a 200
means that it happened. Acts that prepare long before they write take a `Call` and open
`working(call)` themselves: they go through `read`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field as part
from typing import TypeVar

import anyio
import anyio.to_thread
from sqlalchemy.engine import Connection
from starlette.requests import Request

from strata.accounts.plans.rates import Bucket, Caller, Rates, Standing
from strata.accounts.standing import require_open
from strata.content.reading.downloads import DownloadCounts
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import Call, Origin, working
from strata.core.errors import BadCredentials, ConsentNeeded, NotFound, TooLarge
from strata.core.hub import Hub
from strata.core.names import RepoId
from strata.core.settings.tree import Settings
from strata.credentials.uses import Uses
from strata.sessions.signed_in.sessions import Started
from strata.web.auth import SAFE_METHODS, authenticate
from strata.web.charging import at_address, caller_of
from strata.web.entrance import ask_consent, enter, explain_wait, shows_nothing
from strata.web.json_body import decoded
from strata.web.metrics import Metrics
from strata.web.paths import Match
from strata.web.spool import drain

T = TypeVar("T")

MAX_NUMBER_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Tallies:
    """What reading requests leave behind, kept in memory so that no read writes to the database."""

    uses: Uses
    downloads: DownloadCounts
    rates: Rates

    @staticmethod
    def of(settings: Settings) -> Tallies:
        """Empty ones for a process with these settings."""
        return Tallies(Uses(), DownloadCounts(), Rates(settings.rates))


@dataclass(slots=True)
class Exchange:
    """What the outer application knows of a request; lives in `scope["strata"]`."""

    hub: Hub
    match: Match | None  # None: no route has this path
    origin: Origin
    limiter: anyio.CapacityLimiter
    hashing: anyio.CapacityLimiter  # for acts that hash a password, so that others never wait
    tallies: Tallies
    metrics: Metrics
    actor: Actor = ANONYMOUS  # settled by the first `read` or `work`
    form: Mapping[str, str] = part(default_factory=dict)  # what a browser submitted
    stays: str = ""  # the mark of a page that asks for a proof itself; empty: it cannot
    hashes: bool = False  # the form brings a password to be compared
    renewed: Started | None = None  # the session goes on under this cookie
    entered: bool = False  # who asks is not asked again whether they may come in
    bucket: Bucket | None = None  # the quota that the request still has to be counted against
    standing: Standing | None = None  # after it was counted

    def charge(self, caller: Caller) -> None:
        """Count the request, once.

        Raises:
            TooMany: the caller has used up the quota.
        """
        bucket, self.bucket = self.bucket, None
        if bucket is None:
            return
        self.standing = self.tallies.rates.take(bucket, caller, self.hub.clock())
        if self.standing is not None:
            self.standing.require()


def exchange(request: Request) -> Exchange:
    settled: Exchange = request.scope["strata"]
    return settled


def hub_of(request: Request) -> Hub:
    return exchange(request).hub


def repo_of(request: Request) -> RepoId:
    """The repo that the path names; only for routes with `{repo}`."""
    repo = _match(request).repo
    if repo is None:
        raise LookupError(f"{_match(request).route.template} names no repo")
    return repo


def _match(request: Request) -> Match:
    match = exchange(request).match
    if match is None:
        raise LookupError("no route was matched")
    return match


def field(request: Request, name: str) -> str:
    """A decoded piece of the path."""
    return _match(request).fields[name]


def number_field(request: Request, missing: str) -> int:
    """The piece `{number}` of the path.

    Raises:
        NotFound: with the sentence `missing`; nothing could ever have this number.
    """
    text = field(request, "number")
    if not text.isascii() or not text.isdigit() or len(text) > MAX_NUMBER_DIGITS:
        raise NotFound(missing)
    return int(text)


async def read(request: Request, act: Callable[[Call], T]) -> T:
    """Authenticate and run a reading act, in one thread hop."""
    return await anyio.to_thread.run_sync(_read, request, act, limiter=_threads(request))


def _threads(request: Request) -> anyio.CapacityLimiter:
    """Whose threads an act may take: fifty log-ins at once must not stop everybody else."""
    facts = exchange(request)
    route = facts.match.route if facts.match is not None else None
    hashes = facts.hashes or (
        route is not None and route.hashes and request.method not in SAFE_METHODS
    )
    return facts.hashing if hashes else facts.limiter


async def glance(request: Request, act: Callable[[Call], T]) -> T:
    """Run a reading act of a few indexed lookups and one walk in a warm tree.

    On SQLite these take less time than handing them to a thread, and under load much less than the
    interpreter needs to switch between threads, so they run where they are. A database across the
    network is never waited for here.
    """
    if hub_of(request).database.sqlite:
        return _read(request, act)
    return await read(request, act)


async def work(request: Request, act: Callable[..., T]) -> T:
    """Authenticate and run an act inside one transaction, committed before the answer."""

    def within(call: Call) -> T:
        with working(call) as transaction:
            return act(transaction)

    return await read(request, within)


def _read(request: Request, act: Callable[[Call], T]) -> T:
    facts = exchange(request)
    with facts.hub.database.reading() as db:
        facts.actor = _authenticated(facts, db, request)
        facts.charge(caller_of(facts.actor, facts.origin.ip))
        if facts.match is None or not facts.match.route.idle:
            facts.tallies.uses.note(facts.actor, facts.hub.clock(), facts.origin)
        if facts.match is None or not shows_nothing(request, facts.match.route):
            _require_entered(facts)
            _require_settled(facts, request)
        return act(Call(facts.hub, facts.actor, db, facts.origin))


def _require_entered(facts: Exchange) -> None:
    if not facts.entered:
        enter(facts.hub, facts.match.route if facts.match else None, facts.actor)


def _require_settled(facts: Exchange, request: Request) -> None:
    """A browser's API writes need an open account and the newest consent, as its forms do."""
    route = facts.match.route if facts.match is not None else None
    if facts.actor.session_id is None or facts.entered:
        return
    if route is not None:
        explain_wait(request, route, facts.actor)
        ask_consent(request, route, facts.actor)
    if request.method in SAFE_METHODS or (route is not None and route.page):
        return
    require_open(facts.actor.standing)
    if facts.actor.must_agree:
        raise ConsentNeeded


async def as_nobody(request: Request, act: Callable[[Call], T]) -> T:
    """Run an act for a caller whose credentials are no person's, and whose cookies do not count.

    Applications show who they are in the same header, with a secret of their own (RFC 6749 §2.3.1).
    """

    def nameless() -> T:
        facts = exchange(request)
        facts.charge(at_address(facts.origin.ip))
        with facts.hub.database.reading() as db:
            return act(Call(facts.hub, ANONYMOUS, db, facts.origin))

    return await anyio.to_thread.run_sync(nameless, limiter=_threads(request))


def _authenticated(facts: Exchange, db: Connection, request: Request) -> Actor:
    try:
        return authenticate(facts.hub, db, request)
    except BadCredentials:
        address = at_address(facts.origin.ip)
        facts.charge(address)
        facts.tallies.rates.note_failure(address, facts.hub.clock())
        raise


async def body_of(request: Request, limit: int | None = None) -> bytes:
    """The whole body of a small request.

    Raises:
        TooLarge: it is longer than `limit` bytes; default: limits.json_body_bytes.
    """
    ceiling = limit or hub_of(request).settings.limits.json_body_bytes
    too_large = TooLarge(f"The request body is larger than {ceiling} bytes.")
    declared = request.headers.get("content-length", "0")
    body, pieces, size = request.stream(), [], 0
    if declared.isdigit() and int(declared) > ceiling:
        await drain(body)
        raise too_large
    async for piece in body:
        size += len(piece)
        if size > ceiling:
            await drain(body)
            raise too_large
        pieces.append(piece)
    return b"".join(pieces)


async def json_of(request: Request, shape: type[T]) -> T:
    """The JSON body, decoded and checked; an empty body reads as `{}`.

    Raises:
        Malformed: not JSON, or a field of the wrong type; the message names the field.
    """
    return decoded(await body_of(request), shape)
