"""How LFS clients are answered: their media type, and `{"message": …}` when something is refused.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from strata.core.errors import Moved, StrataError
from strata.web import errors
from strata.web.work import exchange

LFS_TYPE = "application/vnd.git-lfs+json"


def answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An LFS answer."""
    return Response(msgspec.json.encode(content), status, dict(headers or {}), media_type=LFS_TYPE)


def spoken(
    handler: Callable[[Request], Awaitable[ASGIApp]],
) -> Callable[[Request], Awaitable[ASGIApp]]:
    """Turn failures of a handler into LFS answers; a moved repo is the gateway's business."""

    @functools.wraps(handler)
    async def speaking(request: Request) -> ASGIApp:
        try:
            return await handler(request)
        except Moved:
            raise
        except StrataError as error:
            return _refusal(request, error)

    return speaking


def _refusal(request: Request, error: StrataError) -> Response:
    facts = exchange(request)
    status = errors.status_of(error, anonymous=facts.actor.anonymous)
    body = {"message": error.message, "request_id": facts.origin.request_id}
    return answer(body, status, errors.headers_of(error, status))
