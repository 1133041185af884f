"""The cookies that browsers hold for us."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.hub import Hub
from strata.sessions.signed_in import csrf
from strata.sessions.signed_in.browsers import COOKIE_LIFE
from strata.sessions.signed_in.sessions import Started
from strata.web.auth import cookie_name, session_cookie_name
from strata.web.work import exchange, hub_of

DEVICE: Final = "device"  # of browsers that logged in before
REMEMBERED: Final = "remembered"  # of browsers that need no second factor


def set_cookie(
    request: Request, answer: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Give the browser a cookie that scripts cannot read and other sites cannot send."""
    secure = is_https(hub_of(request))
    answer.set_cookie(
        name,
        value,
        max_age=max_age,
        path=cookie_path(request),
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    """Take a cookie away; `__Host-` ones can only be replaced by another secure one."""
    secure = is_https(hub_of(request))
    answer.delete_cookie(
        name, path=cookie_path(request), httponly=True, samesite="lax", secure=secure
    )


def cookie_path(request: Request) -> str:
    """Which addresses of the host get our cookies: those of the hub."""
    return hub_of(request).settings.prefix or "/"


def is_https(hub: Hub) -> bool:
    """Whether people reach the hub over https."""
    return hub.settings.public_url.startswith("https://")


def form_cookie_name(request: Request) -> str:
    """The name of the cookie that the forms of visitors belong to."""
    return cookie_name(hub_of(request), "form")


def form_cookie(request: Request, hub: Hub) -> str:
    """What the forms of a visitor without a session belong to: as it was sent, or a fresh one."""
    held = request.cookies.get(cookie_name(hub, "form"), "")
    return held if csrf.is_form_cookie(hub, held) else csrf.fresh_form_cookie(hub)


def session_cookie(request: Request) -> str:
    """The session that the browser shows; empty: none."""
    return request.cookies.get(session_cookie_name(hub_of(request)), "")


def enter(request: Request, answer: Response, session: Started) -> None:
    """Give the browser the cookie of a session."""
    set_cookie(
        request, answer, session_cookie_name(hub_of(request)), session.cookie,
        max_age=session.max_age_s,
    )  # fmt: skip


def renew(request: Request, answer: Response) -> None:
    """Give the browser the cookie of its session anew, where that is due."""
    renewed = exchange(request).renewed
    if renewed is not None:
        enter(request, answer, renewed)


def know(request: Request, answer: Response, device: str) -> None:
    """Give the browser the cookie by which it is known at the next log-in."""
    life = int(COOKIE_LIFE.total_seconds())
    set_cookie(request, answer, cookie_name(hub_of(request), DEVICE), device, max_age=life)


def device_cookie(request: Request) -> str:
    """What the browser is recognised by at a log-in; empty: nothing."""
    return request.cookies.get(cookie_name(hub_of(request), DEVICE), "")
