"""Back from another site: in, on to a sign-up, or to link an account (product §3.7, S-030)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors.halfway import Ticket
from strata.core.call import Call, working
from strata.core.errors import Failure, ProviderFailed
from strata.core.settings.providers import LoginProvider
from strata.membership.joining import pending, signup
from strata.membership.joining.beginning import first_faults
from strata.membership.joining.pending import FirstStep
from strata.sessions.entering.entry import LoggedIn
from strata.sessions.identities import linking
from strata.sessions.identities.linking import Owned
from strata.sessions.identities.sites import asking
from strata.sessions.identities.sites.asking import Attempt
from strata.sessions.identities.sites.claims import Claims
from strata.web.auth import cookie_name
from strata.web.pages.entering.login import arrived, browser_of
from strata.web.pages.entering.sites import elsewhere
from strata.web.pages.entering.sites.going import ATTEMPT, asked_for, failed
from strata.web.pages.entering.sites.linking import LINKING, link_to
from strata.web.pages.entering.sites.sealed import keep_claims
from strata.web.pages.frame.cookies import drop_cookie, set_cookie
from strata.web.pages.frame.visit import (
    redirected,
    safe_next,
)
from strata.web.pages.settings.authentication import page as authentication
from strata.web.work import hub_of, read

SIGN_UP_LIFE_S: Final = int(pending.LIFE.total_seconds())


async def come_back(request: Request) -> Response:
    """GET /login/callback/{provider} — the other site sent the browser back"""
    hub, provider = hub_of(request), asked_for(request)
    attempt = asking.attempt_of(hub, request.cookies.get(cookie_name(hub, ATTEMPT), ""))
    if attempt is None:
        reason = "no log-in was begun in this browser"
        strange = ProviderFailed(provider.name, reason, Failure.OVER)
        return await failed(request, strange)
    brought = dict(request.query_params)
    try:
        answered = await anyio.to_thread.run_sync(asking.finish, hub, provider, attempt, brought)
    except ProviderFailed as error:
        return await failed(request, error)
    answer = await _settled(request, provider, attempt, answered.claims)
    await elsewhere.keep(request, answer, answered, long=attempt.remember)
    drop_cookie(request, answer, cookie_name(hub, ATTEMPT))
    return answer


async def _settled(
    request: Request, provider: LoginProvider, attempt: Attempt, claims: Claims
) -> Response:
    if attempt.linking:
        await read(request, lambda call: link_to(call, claims, for_account=attempt.linking))
        return redirected(request, authentication.PAGE, notice="identity-linked")
    browser = browser_of(request, remember=attempt.remember)

    def settle(call: Call) -> LoggedIn | Ticket | Owned | None:
        return linking.settle(call, provider, claims, browser)

    found = await read(request, settle)
    if isinstance(found, (LoggedIn, Ticket)):
        return arrived(request, found, safe_next(attempt.onward))
    if isinstance(found, Owned):
        return keep_claims(request, redirected(request, f"/login?next={LINKING}"), claims)
    return await _to_sign_up(request, claims, safe_next(attempt.onward))


async def _to_sign_up(request: Request, claims: Claims, onward: str) -> Response:
    """Keep what the site said as the first step of a sign-up; the second is as for everybody.

    The first is shown where the site's word does not do: without an address, or with one that may
    not sign up, and where it takes an invitation.
    """
    hub = hub_of(request)
    signup.require_free(hub, claims.email, claims)
    step = FirstStep(claims.email, "", hub.clock(), identity=claims)

    def put_away(call: Call) -> tuple[str, bool]:
        complete = not first_faults(call, step)
        with working(call) as work:
            return pending.keep(work, step), complete

    cookie, complete = await read(request, put_away)
    asked = {"step": "2"} if complete else {}
    asked |= {"next": onward} if onward != "/" else {}
    answer = redirected(request, f"/join?{urlencode(asked)}" if asked else "/join")
    set_cookie(request, answer, cookie_name(hub, "join"), cookie, max_age=SIGN_UP_LIFE_S)
    return answer
