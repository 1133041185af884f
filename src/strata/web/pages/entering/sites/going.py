"""The way to the log-in of another site, and what is said when it fails (product §3.7)."""

from __future__ import annotations

from typing import Final

import anyio.to_thread
import structlog
from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import Failure, NotFound, ProviderFailed
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities.sites import asking
from strata.sessions.identities.sites.asking import Wanted
from strata.web.auth import cookie_name
from strata.web.pages.entering.sites import elsewhere
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.frame.visit import (
    keep_form_cookie,
    safe_next,
    shown,
    visit_of,
)
from strata.web.work import exchange, field, hub_of

ATTEMPT: Final = "attempt"  # the cookie of a browser whose person is at the other site

_STATUS: Final = {
    Failure.AWAY: 502,
    Failure.DENIED: 400,
    Failure.OVER: 400,
    Failure.OUTSIDE: 403,
}

log = structlog.get_logger("strata.logins")


async def begin(request: Request) -> Response:
    """GET /login/with/{provider} — off to the other site"""
    provider = asked_for(request)
    asked = request.query_params
    wanted = Wanted(
        redirect=callback(request, provider),
        onward=safe_next(asked.get("next", "/")),
        remember="remember" in asked,
    )
    return await off(request, provider, wanted)


async def off(request: Request, provider: LoginProvider, wanted: Wanted) -> Response:
    """Send the browser to the site, with a cookie by which it is known when it comes back."""
    hub = hub_of(request)
    try:
        place, cookie = await anyio.to_thread.run_sync(asking.begin, hub, provider, wanted)
    except ProviderFailed as error:
        return await failed(request, error)
    answer = Response(status_code=303, headers={"Location": place, "Cache-Control": NO_STORE})
    set_cookie(
        request, answer, cookie_name(hub, ATTEMPT), cookie,
        max_age=int(asking.LIFE.total_seconds()),
    )  # fmt: skip
    keep_form_cookie(request, answer)
    return answer


async def failed(request: Request, error: ProviderFailed) -> Response:
    """What a page says when the other site is away or says no; the password form still works."""
    log.warning("provider failed", provider=error.provider, reason=error.reason)
    visit = await visit_of(request)
    return shown(
        request,
        "accounts/provider_failed.html",
        visit,
        status=_STATUS[error.failure],
        cache=NO_STORE,
        provider=error.provider,
        failure=error.failure,
        request_id=exchange(request).origin.request_id,
    )


def asked_for(request: Request) -> LoginProvider:
    """The site that the path names.

    Raises:
        NotFound: the operator has named no such site.
    """
    provider = asking.provider_named(hub_of(request), field(request, "provider"))
    if provider is None:
        raise NotFound("There is no such site.")
    return provider


def callback(request: Request, provider: LoginProvider) -> str:
    """Where the site sends the browser back to; the whole address, as it is registered there."""
    return elsewhere.place_here(request, f"/login/callback/{provider.id}")
