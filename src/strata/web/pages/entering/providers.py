"""Log in, sign up and link with an account of another site (product §3.7, S-030)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import anyio.to_thread
import structlog
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.factors.halfway import Ticket
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound, ProviderFailed
from strata.core.providers import LoginProvider
from strata.membership.joining import pending, signup
from strata.membership.joining.pending import FirstStep
from strata.sessions.entering.entry import LoggedIn
from strata.sessions.identities import linking
from strata.sessions.identities.linking import Owned
from strata.sessions.identities.sites import asking
from strata.sessions.identities.sites.asking import Attempt, Wanted
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.signed_in.sudo import require_sudo
from strata.web.auth import cookie_name
from strata.web.pages.entering import elsewhere
from strata.web.pages.entering.login import arrived, browser_of
from strata.web.pages.entering.sealed import LINK, keep_claims, kept_claims
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import drop_cookie, set_cookie
from strata.web.pages.frame.visit import (
    keep_form_cookie,
    redirected,
    safe_next,
    shown,
    user_id_of,
    visit_of,
    visiting,
)
from strata.web.pages.settings.authentication import page as authentication
from strata.web.pages.words.account import phrase
from strata.web.work import exchange, field, hub_of, read

ATTEMPT: Final = "attempt"  # the cookie of a browser whose person is at the other site
LINKING: Final = "/login/link"
SIGN_UP_LIFE_S: Final = int(pending.LIFE.total_seconds())

log = structlog.get_logger("strata.logins")


async def begin(request: Request) -> Response:
    """GET /login/with/{provider} — off to the other site"""
    provider = _provider(request)
    asked = request.query_params
    wanted = Wanted(
        redirect=_callback(request, provider),
        onward=safe_next(asked.get("next", "/")),
        remember="remember" in asked,
    )
    return await _off(request, provider, wanted)


async def begin_linking(request: Request) -> Response:
    """POST /settings/authentication/identities — off to the other site, to link it

    By way of a page: browsers do not let a form of ours end at another site (`form-action`).
    """
    form = await form_of(request)
    _, (user_id, provider) = await submitted(request, form, _sure)
    wanted = Wanted(_callback(request, provider), authentication.PAGE, linking=user_id)
    away = await _off(request, provider, wanted)
    if "location" not in away.headers:
        return away
    answer = shown(
        request, "accounts/off_to_site.html", await visit_of(request), cache=NO_STORE,
        provider=provider.name, elsewhere=away.headers["location"],
    )  # fmt: skip
    answer.raw_headers.extend(one for one in away.raw_headers if one[0] == b"set-cookie")
    return answer


async def unlink(request: Request) -> Response:
    """POST /settings/authentication/identities/unlink"""
    form = await form_of(request)
    try:
        await submitted(request, form, _unlink)
    except InvalidFields as error:
        visit, held = await visiting(request, authentication.read)
        (key,) = error.fields["identity"]
        return authentication.show(
            request, visit, held, authentication.one_error(visit, phrase(visit.frame.language, key))
        )
    return redirected(request, authentication.PAGE, notice="identity-unlinked")


async def come_back(request: Request) -> Response:
    """GET /login/callback/{provider} — the other site sent the browser back"""
    hub, provider = hub_of(request), _provider(request)
    attempt = asking.attempt_of(hub, request.cookies.get(cookie_name(hub, ATTEMPT), ""))
    if attempt is None:
        strange = ProviderFailed(provider.name, "no log-in was begun in this browser")
        return await _failed(request, strange)
    brought = dict(request.query_params)
    try:
        answered = await anyio.to_thread.run_sync(asking.finish, hub, provider, attempt, brought)
    except ProviderFailed as failure:
        return await _failed(request, failure)
    answer = await _settled(request, provider, attempt, answered.claims)
    await elsewhere.keep(request, answer, answered, long=attempt.remember)
    drop_cookie(request, answer, cookie_name(hub, ATTEMPT))
    return answer


async def ask_link(request: Request) -> Response:
    """GET /login/link — after the log-in that an existing account had to show"""
    visit, _ = await visiting(request, user_id_of)
    claims = kept_claims(request)
    if claims is None:
        return redirected(request, "/")
    return shown(request, "accounts/link_identity.html", visit, cache=NO_STORE, claims=claims,
                 provider=_name(request, claims.provider))  # fmt: skip


async def link(request: Request) -> Response:
    """POST /login/link"""
    form, claims = await form_of(request), kept_claims(request)
    await submitted(request, form, lambda call, _: _link(call, claims))
    answer = redirected(request, authentication.PAGE, notice="identity-linked")
    drop_cookie(request, answer, cookie_name(hub_of(request), LINK))
    return answer


async def _off(request: Request, provider: LoginProvider, wanted: Wanted) -> Response:
    hub = hub_of(request)
    try:
        place, cookie = await anyio.to_thread.run_sync(asking.begin, hub, provider, wanted)
    except ProviderFailed as failure:
        return await _failed(request, failure)
    answer = Response(status_code=303, headers={"Location": place, "Cache-Control": NO_STORE})
    set_cookie(
        request, answer, cookie_name(hub, ATTEMPT), cookie,
        max_age=int(asking.LIFE.total_seconds()),
    )  # fmt: skip
    keep_form_cookie(request, answer)
    return answer


async def _settled(
    request: Request, provider: LoginProvider, attempt: Attempt, claims: Claims
) -> Response:
    if attempt.linking:
        await read(request, lambda call: _link(call, claims, for_account=attempt.linking))
        return redirected(request, authentication.PAGE, notice="identity-linked")
    browser = browser_of(request, remember=attempt.remember)

    def settle(call: Call) -> LoggedIn | Ticket | Owned | None:
        with working(call) as work:
            return linking.settle(work, provider, claims, browser)

    found = await read(request, settle)
    if isinstance(found, (LoggedIn, Ticket)):
        return arrived(request, found, safe_next(attempt.onward))
    if isinstance(found, Owned):
        return keep_claims(request, redirected(request, f"/login?next={LINKING}"), claims)
    return await _to_sign_up(request, claims, safe_next(attempt.onward))


async def _to_sign_up(request: Request, claims: Claims, onward: str) -> Response:
    """Keep what the site said as the first step of a sign-up; the second is as for everybody."""
    hub = hub_of(request)
    signup.require_free(hub, claims.email, claims)
    step = FirstStep(claims.email, "", hub.clock(), identity=claims)

    def put_away(call: Call) -> str:
        with working(call) as work:
            return pending.keep(work, step)

    cookie = await read(request, put_away)
    asked = {"step": "2"} if claims.email else {}
    asked |= {"next": onward} if onward != "/" else {}
    answer = redirected(request, f"/join?{urlencode(asked)}" if asked else "/join")
    set_cookie(request, answer, cookie_name(hub, "join"), cookie, max_age=SIGN_UP_LIFE_S)
    return answer


async def _failed(request: Request, failure: ProviderFailed) -> Response:
    """The other site is away or says no; the password form still works."""
    log.warning("provider failed", provider=failure.provider, reason=failure.reason)
    visit = await visit_of(request)
    return shown(
        request,
        "accounts/provider_failed.html",
        visit,
        status=502,
        cache=NO_STORE,
        provider=failure.provider,
        request_id=exchange(request).origin.request_id,
    )


def _provider(request: Request) -> LoginProvider:
    provider = asking.provider_named(hub_of(request), field(request, "provider"))
    if provider is None:
        raise NotFound("There is no such site.")
    return provider


def _name(request: Request, provider_id: str) -> str:
    provider = asking.provider_named(hub_of(request), provider_id)
    return provider.name if provider else provider_id


def _callback(request: Request, provider: LoginProvider) -> str:
    return elsewhere.place_here(request, f"/login/callback/{provider.id}")


def _sure(call: Call, form: Form) -> tuple[int, LoginProvider]:
    user_id = user_id_of(call)
    require_sudo(call)
    provider = asking.provider_named(call.hub, form.get("provider", ""))
    if provider is None:
        raise NotFound("There is no such site.")
    return user_id, provider


def _unlink(call: Call, form: Form) -> None:
    text = form.get("identity", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    with working(call) as work:
        linking.unlink(work, number)


def _link(call: Call, claims: Claims | None, *, for_account: int | None = None) -> None:
    if claims is None:
        raise NotFound("There is nothing to link any more. Begin again.")
    if for_account is not None and user_id_of(call) != for_account:
        raise NotFound("Another account began to link this site. Begin again.")
    with working(call) as work:
        linking.link(work, claims)
