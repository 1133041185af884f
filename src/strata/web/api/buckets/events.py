"""The feed of a bucket's changes, for those who keep a view of it (02 §T).

Server-sent events: `changes` with what happened, `ready` when all of the past is told, `reset` when
the past is forgotten, `reconnect` when the client shall come again. Right and token are asked for
at every look, so nothing is told to whom the bucket is closed meanwhile.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import anyio
import msgspec
from anyio.lowlevel import RunVar
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strata.accounts.plans.rates import Caller
from strata.content.bucket import following
from strata.content.bucket.following import Place, Told
from strata.content.bucket.queries import ChangeRow
from strata.core.errors import Malformed, StrataError, TooMany
from strata.lib.http.server import STOPPING
from strata.web import respond
from strata.web.charging import caller_of
from strata.web.paths import Route
from strata.web.work import exchange, glance, repo_of

LOOK_EVERY_S: Final = 1.0
PING_EVERY_S: Final = 25.0  # clients give up after 90 s without a byte
COME_AGAIN_AFTER_S: Final = 900.0  # so that no stream outlives a change of the server for long
FOLLOWERS: Final = 500  # streams of one process
FOLLOWERS_OF_ONE: Final = 20  # streams of one account, or of one address without an account
MANY: Final = (
    f"You follow {FOLLOWERS_OF_ONE} buckets already, which is as many as one may at once. "
    "End one of these streams and try again."
)
BUSY: Final = "Too many clients follow changes at the moment. Try again in a minute."

_seats: RunVar[anyio.CapacityLimiter] = RunVar("strata-followers")
_taken: RunVar[Counter[Caller]] = RunVar("strata-followers-of-each")


async def events(request: Request) -> Response:
    """GET /api/buckets/{repo}/events"""
    cursor, since = request.query_params.get("cursor"), _since(request)
    place = await glance(
        request, lambda call: following.place_of(call, repo_of(request), cursor, since)
    )
    caller = caller_of(exchange(request).actor, exchange(request).origin.ip)
    if _of_each()[caller] >= FOLLOWERS_OF_ONE:
        raise TooMany(MANY, retry_after_s=60)
    if _limiter().available_tokens < 1:
        raise TooMany(BUSY, retry_after_s=60)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _followed(request, place, caller), headers=headers, media_type="text/event-stream"
    )


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("since")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed('"since" must be a moment such as 2026-11-25T21:00:00.000Z.') from error
    if moment.tzinfo is None:
        raise Malformed('"since" must name its offset from UTC, such as Z.')
    return moment


def _limiter() -> anyio.CapacityLimiter:
    try:
        return _seats.get()
    except LookupError:
        _seats.set(anyio.CapacityLimiter(FOLLOWERS))
        return _seats.get()


def _of_each() -> Counter[Caller]:
    try:
        return _taken.get()
    except LookupError:
        _taken.set(Counter())
        return _taken.get()


@contextmanager
def _seat_of(caller: Caller) -> Iterator[bool]:
    """Count a stream of the caller's while it lasts; False when others took the last seat."""
    taken = _of_each()
    taken[caller] += 1
    try:
        yield taken[caller] <= FOLLOWERS_OF_ONE
    finally:
        taken[caller] -= 1
        if not taken[caller]:
            del taken[caller]


async def _followed(request: Request, place: Place | None, caller: Caller) -> AsyncIterator[bytes]:
    with _seat_of(caller) as free:
        if not free and place is not None:
            yield _event("reconnect", {"cursor": place.cursor})
            return
        async with _limiter():
            async for piece in _told(request, place):
                yield piece


async def _told(request: Request, place: Place | None) -> AsyncIterator[bytes]:
    stopping: Callable[[], bool] = request.scope.get(STOPPING, lambda: False)
    until = time.monotonic() + COME_AGAIN_AFTER_S
    ready, spoken = False, time.monotonic()
    while place is not None and time.monotonic() < until and not stopping():
        news = await _look(request, place)
        if news is None:
            place = None
        elif news.changes:
            place, spoken = news.place, time.monotonic()
            yield _event("changes", _changes(news))
        elif not ready:
            ready, spoken = True, time.monotonic()
            yield _event("ready", {"cursor": place.cursor})
        else:
            if time.monotonic() - spoken >= PING_EVERY_S:
                spoken = time.monotonic()
                yield b": ping\n\n"
            await anyio.sleep(LOOK_EVERY_S)
    if place is None:
        yield _event("reset", {"reason": "This is longer ago than changes are kept."})
    else:
        yield _event("reconnect", {"cursor": place.cursor})


async def _look(request: Request, place: Place) -> Told | None:
    """What came behind a place; None when the follower must begin anew.

    Whoever lost the right in the middle is told no more than that, and hears the reason at the next
    request.
    """
    try:
        return await glance(request, lambda call: following.told(call, repo_of(request), place))
    except StrataError:
        return None


def _changes(news: Told) -> dict[str, object]:
    return {"cursor": news.place.cursor, "changes": [_change(row) for row in news.changes]}


def _change(row: ChangeRow) -> dict[str, object]:
    change: dict[str, object] = {"path": row.path, "op": row.op}
    if row.op != "delete":
        change |= {
            "size": row.size,
            "xetHash": row.xet_hash,
            "uploadedAt": respond.moment(row.at),
        }
    if row.mtime is not None:
        change["mtime"] = respond.moment(row.mtime)
    return change


def _event(name: str, content: dict[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(content))


ROUTES: tuple[Route, ...] = (
    Route(
        ("GET",),
        "/api/buckets/{repo}/events",
        events,
        "huggingface_hub ≥ 2.3: HfFileSystem(live_follow=True)",
    ),
)
