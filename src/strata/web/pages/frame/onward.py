"""Where a visitor was going before they had to sign up, such as an invitation (product P53).

A cookie of the browser keeps it until the address is confirmed, or a second factor is there where
that was missing; what it names is a page of ours, looked at again when it is used.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.web.auth import cookie_name
from strata.web.pages.frame.cookies import drop_cookie, set_cookie
from strata.web.pages.frame.visit import redirected, safe_next
from strata.web.work import hub_of

COOKIE: Final = "onward"
LIFE: Final = timedelta(days=1)  # as long as the link in the mail works
_ENTRY: Final = ("/join", "/login", "/logout", "/verify-email", "/email_confirmation")


def remember(request: Request, answer: Response) -> Response:
    """Keep what `?next=` of this page asks for, if it is one of our other pages."""
    wanted = _place(request.query_params.get("next", ""))
    if wanted:
        life = int(LIFE.total_seconds())
        set_cookie(request, answer, cookie_name(hub_of(request), COOKIE), wanted, max_age=life)
    return answer


def waiting(request: Request) -> str:
    """The page of ours that a visitor was going to; empty: none."""
    return _place(request.cookies.get(cookie_name(hub_of(request), COOKIE), ""))


def forget(request: Request, answer: Response) -> Response:
    """Lead nowhere any more."""
    drop_cookie(request, answer, cookie_name(hub_of(request), COOKIE))
    return answer


def led_on(request: Request) -> Response | None:
    """Send a visitor whose address is confirmed where they were going; None: nowhere."""
    wanted = waiting(request)
    if not wanted:
        return None
    return forget(request, redirected(request, wanted, notice="email-confirmed"))


def _place(asked: str) -> str:
    wanted = safe_next(asked)
    return "" if wanted == "/" or wanted.startswith(_ENTRY) else wanted
