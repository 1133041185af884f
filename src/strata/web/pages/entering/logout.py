"""Log out here, and at the site where somebody logged in, if they want that (product §3.7)."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import Malformed
from strata.sessions.identities import leaving
from strata.sessions.identities.leaving import Elsewhere
from strata.sessions.signed_in import csrf, sessions
from strata.web.auth import cookie_name, session_cookie_name
from strata.web.pages.entering.sites.elsewhere import ELSEWHERE, cookie_of, place_here
from strata.web.pages.forms.body import STALE_FORM, Form, form_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import drop_cookie, session_cookie, set_cookie
from strata.web.pages.frame.visit import redirected, shown, visit_of
from strata.web.work import field, hub_of, read

STATE: Final = "leaving"  # the cookie of a browser that may be on its way to log out elsewhere
STATE_LIFE_S: Final = 15 * 60
# What a browser forgets with the session. Not the cookies: they hold a language, and by which this
# browser is known.
LEFT_BEHIND: Final = '"cache", "storage"'


async def leave(request: Request) -> Response:
    """POST /logout

    A browser that sends no session cookie is left alone: another site's form comes without it, and
    must not make the browser drop it. A session that is over already may still be left.
    """
    form = await form_of(request)
    if not session_cookie(request):
        return redirected(request, "/")
    elsewhere = await read(request, lambda call: _log_out(call, form, cookie_of(request)))
    answer = await _left(request, elsewhere)
    drop_cookie(request, answer, session_cookie_name(hub_of(request)))
    drop_cookie(request, answer, cookie_name(hub_of(request), ELSEWHERE))
    answer.headers["Clear-Site-Data"] = LEFT_BEHIND
    return answer


async def come_back(request: Request) -> Response:
    """GET /logout/callback/{provider} — the other site has logged the browser out"""
    name = cookie_name(hub_of(request), STATE)
    given = f"{field(request, 'provider')}.{request.query_params.get('state', '')}"
    sent = hmac.compare_digest(request.cookies.get(name, "").encode(), given.encode())
    answer = redirected(request, "/", notice="logged-out-elsewhere" if sent else "")
    drop_cookie(request, answer, name)
    return answer


async def _left(request: Request, elsewhere: Elsewhere | None) -> Response:
    """The first page after the session; it offers the way on to the other site."""
    if elsewhere is None:
        return redirected(request, "/", notice="logged-out")
    provider, state = elsewhere.provider, secrets.token_urlsafe(16)
    answer = shown(
        request, "accounts/logged_out.html", await visit_of(request), cache=NO_STORE,
        provider=provider.name,
        elsewhere=elsewhere.address(place_here(request, f"/logout/callback/{provider.id}"), state),
    )  # fmt: skip
    name = cookie_name(hub_of(request), STATE)
    set_cookie(request, answer, name, f"{provider.id}.{state}", max_age=STATE_LIFE_S)
    return answer


def _log_out(call: Call, form: Form, elsewhere: str) -> Elsewhere | None:
    if call.actor.session_id is None:
        return None
    if not csrf.is_genuine(call.hub, call.actor.session_mark, form.get("csrf_token", "")):
        raise Malformed(STALE_FORM)
    with working(call) as work:
        found = leaving.take(work, elsewhere) if elsewhere else None
        sessions.log_out(work)
        return found
