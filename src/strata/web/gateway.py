"""The ASGI application: what happens around every handler.

Routing on the raw path, request id, caller's address, errors to answers, CORS, one log line,
counters. One plain ASGI callable instead of a stack of middlewares: a request passes it once,
streams are never buffered, and there is one place to read.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import anyio
import anyio.to_thread
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from strata.accounts.legal import agreeing
from strata.accounts.plans.rates import Bucket
from strata.core.errors import (
    Malformed,
    Moved,
    NotFound,
    StrataError,
    TooMany,
    Unforeseen,
)
from strata.core.hub import Hub
from strata.credentials.tokens import expiring
from strata.lib.http.server import STOPPING
from strata.web import errors
from strata.web.auth import has_credentials
from strata.web.charging import at_address, bucket_of, headers_of
from strata.web.entrance import is_open, require_running, require_shown
from strata.web.log_line import logged_path, tell, template_of
from strata.web.metrics import Metrics
from strata.web.origin import origin_of
from strata.web.paths import Match, Route, Routes
from strata.web.spool import drained
from strata.web.work import Exchange, Tallies

EXPOSED_HEADERS = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,"
    "Content-Disposition,X-Linked-Size,X-Linked-ETag,X-Xet-Hash,X-Xet-Access-Token,X-Xet-Token-Expiration,"
    "X-Xet-Refresh-Route,X-Xet-Cas-Url,RateLimit,RateLimit-Policy,Retry-After,"
    "X-HF-Warning"
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:;=-]{1,128}", re.ASCII)


log = structlog.get_logger("strata.request")

ErrorPage = Callable[[Request, StrataError], Awaitable[Response]]


class Beside(Protocol):
    """What listens beside the web, in the same event loop."""

    async def start(self, stopping: Callable[[], bool]) -> None:
        """Begin; `stopping` tells whether the process is to end."""

    async def stop(self) -> None:
        """Let what is running come to an end."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One hub on the web."""

    hub: Hub
    routes: Routes
    limiter: anyio.CapacityLimiter
    hashing: anyio.CapacityLimiter
    tallies: Tallies
    metrics: Metrics
    prefix: str  # path of public_url, without trailing slash
    error_page: ErrorPage  # renders a failure for people
    stop: Callable[[], None]  # ends what was started with the process
    beside: Beside | None = None  # another door in the same process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope.get(STOPPING, lambda: False), receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, stopping: Callable[[], bool], receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup" and self.beside:
                await self.beside.start(stopping)
            if message["type"] == "lifespan.shutdown":
                if self.beside:
                    await self.beside.stop()
                await anyio.to_thread.run_sync(self.stop)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        answer = _Sent(send, scope, request_id, cross_origin="origin" in headers)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._route(scope, receive, answer, headers, request_id)
        except ClientDisconnect:
            answer.status = answer.status or 499
        except Exception:
            path = logged_path(scope, self.prefix)
            log.exception("request failed", method=scope["method"], path=path)
            if not answer.started:
                broken = await self._unforeseen(Request(scope, receive), headers, request_id)
                await broken(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            self.metrics.observe(scope["method"], template_of(scope), answer.status, seconds)
            tell(scope, self.prefix, status=answer.status, seconds=seconds)
            structlog.contextvars.unbind_contextvars("request_id")

    async def _route(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, request_id: str
    ) -> None:
        """Find who answers and let them."""
        if scope["method"] == "OPTIONS":
            await _preflight(headers)(scope, receive, send)
            return
        raw_path = self._below_prefix(scope["raw_path"].decode("latin-1"))
        scope["raw_path"] = raw_path.encode("latin-1")
        request = Request(scope, receive, send)
        html = _wants_page(headers, raw_path)
        try:
            origin = origin_of(self.hub.settings, scope, headers, request_id)
            scope["strata"] = exchange = Exchange(
                self.hub, None, origin, self.limiter, self.hashing, self.tallies, self.metrics
            )
            if b"%00" in scope["query_string"]:
                raise Malformed("The query holds a character that cannot be kept (U+0000).")
            match = self.routes.match(scope["method"], raw_path)
            html = match.route.page if isinstance(match, Match) else html
            await require_running(request, match)
            if not isinstance(match, Match):
                exchange.bucket = Bucket.PAGES if html else Bucket.API
                await _charge_address(exchange, request)
                raise _unrouted(match, scope["method"])
            exchange.match = match
            exchange.bucket = bucket_of(match.route)
            if exchange.bucket is Bucket.TRANSFERS or not has_credentials(request):
                await _charge_address(exchange, request)
            if match.holds_nul:
                raise _unrouted(None, scope["method"])
            await require_shown(request, match.route)
            response = await match.route.endpoint(request)
        except StrataError as error:
            response = await self._failed(request, error, html=html)
        await response(scope, receive, send)

    def _below_prefix(self, raw_path: str) -> str:
        """The path without the prefix under which the hub is published."""
        if self.prefix and (raw_path + "/").startswith(f"{self.prefix}/"):
            return raw_path.removeprefix(self.prefix) or "/"
        return raw_path

    async def _unforeseen(self, request: Request, headers: Headers, request_id: str) -> Response:
        """What is told of a failure that nobody thought of; a page about it may fail as well."""
        error = Unforeseen(request_id)
        exchange: Exchange | None = request.scope.get("strata")
        match = exchange.match if exchange else None
        html = match.route.page if match else _wants_page(headers, request.scope["path"])
        try:
            return await self._failed(request, error, html=html)
        except Exception:
            log.exception("no page for a failure")
            return errors.json_answer(error, anonymous=True)

    async def _failed(self, request: Request, error: StrataError, *, html: bool) -> Response:
        exchange: Exchange | None = request.scope.get("strata")
        if not isinstance(error, Moved):
            request.scope["refused"] = error
        if exchange is not None:
            # Telling of a failure is not refused in its turn.
            exchange.bucket, exchange.entered = None, True
        if isinstance(error, Moved) and exchange is not None and exchange.match is not None:
            return _redirect(request, exchange.match, error, self.prefix)
        if html and exchange is not None:
            return await self.error_page(request, error)
        anonymous = exchange is None or exchange.actor.anonymous
        return errors.json_answer(error, anonymous=anonymous)


async def _charge_address(exchange: Exchange, request: Request) -> None:
    """Count a request before anything is looked up for it."""
    try:
        exchange.charge(at_address(exchange.origin.ip))
    except TooMany:
        await drained(request)
        raise


class _Sent:
    """Remembers what went out and adds the headers that every answer carries."""

    def __init__(self, send: Send, scope: Scope, request_id: str, *, cross_origin: bool) -> None:
        self._send = send
        self._scope = scope
        self._request_id = request_id
        self._cross_origin = cross_origin
        self.status = 0
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers["X-Request-Id"] = self._request_id
            exchange: Exchange | None = self._scope.get("strata")
            if exchange is not None and exchange.standing is not None:
                headers.raw.extend(headers_of(exchange.standing))
            if exchange is not None and exchange.actor.token is not None:
                for warning in (
                    expiring.warning(exchange.actor, exchange.hub.clock()),
                    agreeing.warning(exchange.actor, exchange.origin.base_url),
                ):
                    headers.raw.extend([(b"x-hf-warning", warning.encode())] if warning else [])
            if exchange is not None and exchange.match is not None:
                _keep_to_members(headers, exchange.hub, exchange.match.route)
            if self._cross_origin:
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
                headers.add_vary_header("Origin")
        await self._send(message)


def _keep_to_members(headers: MutableHeaders, hub: Hub, route: Route) -> None:
    """Let no cache on the way keep what only members of a private hub may see."""
    if hub.settings.private and not is_open(route) and "public" in headers.get("cache-control", ""):
        headers["Cache-Control"] = headers["cache-control"].replace("public", "private")


def _request_id(headers: Mapping[str, str]) -> str:
    """The caller's id when it is well-formed, so that its messages and our log agree."""
    for name in ("x-request-id", "x-amzn-trace-id"):
        value = headers.get(name)
        if value and _REQUEST_ID.fullmatch(value):
            return value
    return str(uuid.uuid4())


def _unrouted(known: frozenset[str] | None, method: str) -> StrataError:
    if known is None:
        return NotFound("Sorry, we can't find the page you are looking for.")
    return Malformed(f"{method} is not offered here; use {', '.join(sorted(known))}.")


def _redirect(request: Request, match: Match, error: Moved, prefix: str) -> Response:
    """A relative 307 with the query kept: old clients misread an absolute one."""
    start, end = match.repo_span or (0, 0)
    raw_path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    location = f"{prefix}{raw_path[:start]}{error.target}{raw_path[end:]}" + (
        f"?{query}" if query else ""
    )
    return Response(status_code=307, headers={"Location": location})


def _preflight(headers: Mapping[str, str]) -> Response:
    """Let browsers of any origin use the API with a token, never with a cookie."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": headers.get(
                "access-control-request-headers", "Authorization, Content-Type"
            ),
            "Access-Control-Max-Age": "86400",
        },
    )


def _wants_page(headers: Mapping[str, str], raw_path: str) -> bool:
    return "text/html" in headers.get("accept", "") and not raw_path.startswith("/api/")
