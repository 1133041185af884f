"""Sign browsers out (product P09)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.sessions.entering import signing_out
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected
from strata.web.pages.settings.authentication import page as authentication

LONGEST_ID = 18  # digits


async def revoke(request: Request) -> Response:
    """POST /settings/authentication/sessions"""
    form = await form_of(request)
    await submitted(request, form, _revoke)
    return redirected(request, authentication.PAGE, notice="session-ended")


async def revoke_others(request: Request) -> Response:
    """POST /settings/authentication/sessions/others"""
    form = await form_of(request)
    await submitted(request, form, _revoke_others)
    return redirected(request, authentication.PAGE, notice="sessions-ended")


def _revoke(call: Call, form: Form) -> None:
    text = form.get("session", "")
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
        raise NotFound("There is no such session.")
    with working(call) as work:
        signing_out.revoke(work, int(text))


def _revoke_others(call: Call, _: Form) -> None:
    with working(call) as work:
        signing_out.revoke_others(work)
