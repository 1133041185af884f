"""How git clients are answered: plain text that git prints as `remote: …`, or a stream of packets.

git shows the text of a refusal only for the request that opens a conversation (`info/refs`) and
only when its type is text/plain (git's remote-curl.c:show_http_message).
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from strata.core.errors import (
    BadCredentials,
    GatedRepo,
    Malformed,
    Moved,
    PasswordShown,
    StrataError,
    TooLarge,
    Unauthenticated,
)
from strata.lib.git import wire
from strata.lib.http.iterate import PiecesAnswer
from strata.web import errors
from strata.web.work import exchange

Handler = Callable[[Request], Awaitable[ASGIApp]]

# As git's own http-backend answers: refs move, and old proxies obey only the older two.
UNCACHED: Final = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
}
WRONG_LOGIN: Final = "Invalid username or password."


def packets(content: bytes, media_type: str) -> Response:
    """A short answer in git's own framing."""
    return Response(content, headers=UNCACHED, media_type=media_type)


def spoken(handler: Handler) -> Handler:
    """Turn failures of a handler into words; a moved repo is the gateway's business."""

    @functools.wraps(handler)
    async def speaking(request: Request) -> ASGIApp:
        try:
            return await handler(request)
        except Moved:
            raise
        except StrataError as error:
            return _refusal(request, error)
        except wire.Malformed as error:
            return _refusal(request, Malformed(f"This is not what git sends: {error}."))
        except wire.TooLarge as error:
            return _refusal(request, TooLarge(f"Refused: {error}."))

    return speaking


def _refusal(request: Request, error: StrataError) -> Response:
    """Words and status; whoever is unknown here learns no more than that a login is needed."""
    facts = exchange(request)
    status = errors.status_of(error, anonymous=facts.actor.anonymous)
    # That a gate stands here is no secret, unlike whether there is such a repo.
    if status == 401 and not isinstance(error, (BadCredentials, GatedRepo)):
        error = Unauthenticated(WRONG_LOGIN)
    lines = [error.message]
    if status == 401 and not isinstance(error, PasswordShown):
        lines.append(
            "Log in with an access token as the password; account passwords are not accepted."
        )
    if status == 401:
        lines.append(f"Create a token at {facts.origin.base_url}/settings/tokens")
    headers = errors.headers_of(error, status) | UNCACHED
    return PlainTextResponse("\n".join([*lines, ""]), status, headers)


def streamed(
    pieces: AsyncGenerator[bytes, None], media_type: str, *, heeding: bool
) -> PiecesAnswer:
    """A long answer in git's own framing."""
    return PiecesAnswer(pieces, {"Content-Type": media_type, **UNCACHED}, heeding=heeding)
