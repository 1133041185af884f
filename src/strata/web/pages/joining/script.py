"""Sign up in one step, for scripts: the same act as the form, as silent about who is here."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.puzzles import ALGORITHM, Done, puzzle
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.membership.joining import signup
from strata.membership.joining.faults import work_of
from strata.membership.joining.signup import SignedUp, SignUp
from strata.web import respond
from strata.web.auth import require_same_site, session_cookie_name
from strata.web.json_body import decoded
from strata.web.pages.forms.body import LONGEST_BODY
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.frame.dressing import speak
from strata.web.pages.words.language import LANGUAGES, language_of
from strata.web.work import body_of, hub_of, read

_TYPE: Final = "application/json"


class Asked(msgspec.Struct, rename="camel"):
    """The body; `consents` holds the versions of `/api/site-config` that were read."""

    email: str
    password: str
    username: str
    full_name: str = ""
    language: str = ""  # default: what the request asks to be answered in
    consents: dict[str, str] = {}
    invite: str = ""  # where `signUp.mode` is `invite`
    mails: bool = False  # also be mailed announcements, and news of watched repos
    work_ticket: str = ""  # of `/api/signup/work`, where `signUp.workBits` is not 0
    work: str = ""
    first_code: str = ""  # on a hub without accounts that asks for `accounts.first_admin_code`
    website: str = ""  # as on the form: whoever fills it in is a robot


async def sign_up(request: Request) -> Response:
    """POST /api/signup"""
    # A page of another site cannot send this type without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise Malformed(f"Send the sign-up as {_TYPE}.")
    require_same_site(request)
    asked = decoded(await body_of(request, LONGEST_BODY), Asked)
    spoken = language_of(request, hub_of(request).settings.language)
    form = _form(asked, spoken)
    speak(request)
    signed_up = await read(request, lambda call: _sign_up(call, form))
    answer = respond.json(
        {"name": signed_up.name, "emailVerified": False, "next": "/verify-email"},
        201,
        {"Cache-Control": NO_STORE},
    )
    session = signed_up.session
    name = session_cookie_name(hub_of(request))
    set_cookie(request, answer, name, session.cookie, max_age=session.max_age_s)
    return answer


async def ask_work(request: Request) -> Response:
    """GET /api/signup/work — the puzzle that a sign-up has to come with"""
    asked = await read(request, lambda call: puzzle(call, work_of(call)))
    told = {"bits": asked.bits, "ticket": asked.ticket, "algorithm": ALGORITHM}
    return respond.json(told, headers={"Cache-Control": NO_STORE})


def _form(asked: Asked, spoken: str) -> SignUp:
    return SignUp(
        email=asked.email.strip(),
        password=asked.password,
        username=asked.username.strip(),
        full_name=asked.full_name,
        language=asked.language if asked.language in LANGUAGES else spoken,
        consents=asked.consents,
        read_in=spoken,
        invite=asked.invite,
        first_code=asked.first_code,
        mails=asked.mails,
        work=Done(asked.work_ticket, asked.work),
        suspicion="honeypot" if asked.website else "",
    )


def _sign_up(call: Call, form: SignUp) -> SignedUp:
    if not call.actor.anonymous:
        raise Malformed("You are logged in already.")
    return signup.sign_up(call, form)
