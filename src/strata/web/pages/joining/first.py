"""The first step of a sign-up: address and password, or who another site says somebody is.

It is put away on the server under a cookie (`membership/joining/pending.py`), so the password
stands in no address, no hidden field and no history.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.naming import names
from strata.core.call import Call, working
from strata.core.errors import Forbidden, InvalidFields, Malformed
from strata.core.hub import Hub
from strata.membership.joining import beginning, first, pending, signup
from strata.membership.joining.faults import require_none
from strata.membership.joining.invites import LONGEST_CODE
from strata.membership.joining.pending import FirstStep
from strata.sessions.identities.sites.claims import Claims
from strata.web.auth import cookie_name
from strata.web.pages.forms.body import STALE_FORM, Form, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visit_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import exchange, hub_of, read

SECOND_STEP: Final = "/join?step=2"
FORM_LIFE: Final = timedelta(days=1)
FIELDS: Final = frozenset({"email", "invite", "first_code"})  # besides the password
_SHOWN_AT: Final = "signup.shown"


async def begin(request: Request, form: Form) -> Response:
    """Check and put away the first step."""
    try:
        _, cookie = await submitted(request, form, lambda call, sent: _keep(call, request, sent))
    except InvalidFields as error:
        visit, email = await visit_of(request), form.get("email", "")
        errors = told(visit.frame.language, error, domain=email.rpartition("@")[2])
        return await show_first(request, visit, email, errors, identity="identity" in form)
    answer = redirected(request, SECOND_STEP)
    life = int(pending.LIFE.total_seconds())
    set_cookie(request, answer, join_cookie(hub_of(request)), cookie, max_age=life)
    return answer


async def show_first_again(request: Request, error: InvalidFields) -> Response:
    """Show the first step as it was kept, with what turned out to be wrong with it."""
    visit, (step, _) = await visiting(request, lambda call: begun(call, request))
    email = step.email if step else ""
    there = InvalidFields({name: keys for name, keys in error.fields.items() if name in FIELDS})
    errors = told(visit.frame.language, there, domain=email.rpartition("@")[2])
    return await show_first(
        request,
        visit,
        email,
        errors,
        identity=from_elsewhere(step),
        invite=step.invite if step else "",
    )


def _keep(call: Call, request: Request, form: Form) -> str:
    if is_closed(call.hub):
        raise Forbidden(signup.CLOSED)
    shown_at = _shown_at(call, form.get("shown", ""))
    step = FirstStep(
        email=form.get("email", "").strip(),
        password=form.get("password", ""),
        shown_at=shown_at,
        invite=form.get("invite", "").strip()[:LONGEST_CODE],
        identity=_begun_elsewhere(call, request, form),
        first_code=form.get("first_code", "").strip()[: first.LONGEST_CODE],
    )
    signup.require_free(call.hub, step.email, step.identity)
    require_none(beginning.first_faults(call, step))
    with working(call) as work:
        return pending.keep(work, step, replaces=request.cookies.get(join_cookie(call.hub), ""))


def begun(call: Call, request: Request) -> tuple[FirstStep | None, str]:
    """The first step that this browser sent, and a username that goes with it."""
    step = pending.bring_back(call, request.cookies.get(join_cookie(call.hub), ""))
    return step, names.suggest(call, step.email) if step else ""


def from_elsewhere(step: FirstStep | None) -> bool:
    """Whether another site has sent the visitor here."""
    return step is not None and step.identity is not None


def _begun_elsewhere(call: Call, request: Request, form: Form) -> Claims | None:
    """What another site said of the visitor, if this form goes on from there."""
    if "identity" not in form:
        return None
    step = pending.bring_back(call, request.cookies.get(join_cookie(call.hub), ""))
    if step is None or step.identity is None:
        raise Malformed(STALE_FORM)
    return step.identity


def _shown_at(call: Call, ticket: str) -> datetime:
    """When the first page was given out; nobody can make that up.

    Raises:
        Malformed: the form was never one of our pages, or too long ago.
    """
    shown_at = call.hub.secrets.verify(_SHOWN_AT, ticket, datetime, now=call.now)
    if shown_at is None:
        raise Malformed(STALE_FORM)
    return shown_at


async def show_first(
    request: Request,
    visit: Visit,
    email: str,
    errors: Told = NOTHING_WRONG,
    *,
    identity: bool = False,
    invite: str = "",
) -> Response:
    """Show the first form, with what was wrong in it.

    Args:
        invite: the code that was kept; one that stands in the form or the address goes first.
    """
    hub = hub_of(request)
    now = hub.clock()
    asked = request.query_params.get("invite", invite)
    return shown(
        request,
        "accounts/join_first.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        email=email,
        errors=errors,
        identity=identity,
        providers=hub.providers,
        asks_code=await read(request, first.asks_code),
        domains=hub.settings.accounts.allowed_domains,
        needs_invite=hub.settings.accounts.sign_up == "invite",
        invite=exchange(request).form.get("invite", asked),
        shown_ticket=hub.secrets.sign(_SHOWN_AT, now, expires=now + FORM_LIFE),
    )


def is_closed(hub: Hub) -> bool:
    """Whether nobody may sign up."""
    return hub.settings.accounts.sign_up == "closed"


def join_cookie(hub: Hub) -> str:
    """The name of the cookie that brings the first step back."""
    return cookie_name(hub, "join")
