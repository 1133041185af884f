"""What a browser that came from another site keeps, to be logged out there again."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import LogInElsewhere
from strata.sessions.identities import leaving
from strata.sessions.identities.sites.asking import Answered
from strata.sessions.signed_in.sessions import REMEMBERED
from strata.web.auth import cookie_name
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.frame.visit import safe_next, shown, visit_anyway
from strata.web.work import exchange, hub_of, read

ELSEWHERE: Final = "elsewhere"  # the cookie


def cookie_of(request: Request) -> str:
    """What `keep` left in the browser; empty: nothing."""
    return request.cookies.get(cookie_name(hub_of(request), ELSEWHERE), "")


async def keep(request: Request, answer: Response, answered: Answered, *, long: bool) -> None:
    """Let the browser find the way to the site's own log-out later, if the site has one.

    Args:
        long: its session here is a remembered one.
    """
    if not answered.end_session:
        return

    def write(call: Call) -> str:
        with working(call) as work:
            return leaving.remember(work, answered, long=long, replaces=cookie_of(request))

    cookie = await read(request, write)
    life = int(REMEMBERED.absolute.total_seconds()) if long else None
    set_cookie(request, answer, cookie_name(hub_of(request), ELSEWHERE), cookie, max_age=life)


async def led_there(request: Request, error: LogInElsewhere) -> Response:
    """Lead who may come in through another site alone to its log-in, and on from there."""
    wanted = exchange(request).form.get("next", "") or request.query_params.get("next", "/")
    return shown(
        request, "accounts/log_in_elsewhere.html", await visit_anyway(request), status=403,
        cache=NO_STORE, headers={"X-Error-Code": error.code}, provider=error.provider,
        name=error.name, next=safe_next(wanted),
    )  # fmt: skip


def place_here(request: Request, path: str) -> str:
    """The whole address of a page of ours, as the operator has registered it at another site."""
    facts = exchange(request)
    base = facts.hub.settings.public_url.rstrip("/") or facts.origin.base_url
    return f"{base}{path}"
