"""The second step of a sign-up: a name, what was agreed to, and the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.legal import documents
from strata.accounts.puzzles import Done, puzzle
from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.membership.joining import pending, signup
from strata.membership.joining.faults import work_of
from strata.membership.joining.pending import FirstStep
from strata.membership.joining.signup import SignedUp, SignUp
from strata.web.pages.forms.body import Form, consents_in, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import cookie_path, device_cookie, drop_cookie, enter, know
from strata.web.pages.frame.visit import redirected, shown, visit_of, visiting
from strata.web.pages.joining import first
from strata.web.pages.joining.first import join_cookie
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.language import LANGUAGES, language_of
from strata.web.work import hub_of

TRAP: Final = "website"  # a field that people do not see and robots fill in
_PASSWORD_OF_STEP_TWO: Final = {"pw.contains_identity": "pw.contains_username"}


@dataclass(frozen=True, slots=True)
class Second:
    """What the second form shows."""

    username: str = ""
    full_name: str = ""
    language: str = "en"
    mails: bool = False


async def create(request: Request, form: Form, picture: bytes) -> Response:
    """Open the account."""
    second = Second(
        form.get("username", "").strip(),
        form.get("full_name", ""),
        chosen_language(form.get("language", "")),
        mails="mails" in form,
    )
    try:
        _, signed_up = await submitted(
            request, form, lambda call, sent: _sign_up(call, request, second, sent, picture)
        )
    except InvalidFields as error:
        fields = dict(error.fields)
        if picture:  # browsers do not keep it
            fields.setdefault("picture", ("picture.again",))
        return await show_second_again(request, second, InvalidFields(fields))
    if signed_up is None:
        return redirected(request, "/join")
    return _welcomed(request, second, signed_up)


def _sign_up(
    call: Call, request: Request, second: Second, form: Form, picture: bytes
) -> SignedUp | None:
    cookie = request.cookies.get(join_cookie(call.hub), "")
    step = pending.bring_back(call, cookie)
    if step is None:
        return None
    signed_up = signup.sign_up(
        call,
        SignUp(
            email=step.email,
            password=step.password,
            username=second.username,
            full_name=second.full_name,
            language=second.language,
            mails=second.mails,
            picture=picture,
            consents=consents_in(form),
            read_in=chosen_language(form.get("documents_language", "")),
            suspicion=_suspicion(call, step, form),
            device=device_cookie(request),
            invite=step.invite,
            identity=step.identity,
            first_code=step.first_code,
            work=Done(form.get("work_ticket", ""), form.get("work", "")),
        ),
    )
    with working(call) as work:
        pending.drop(work, cookie)
    return signed_up


def _suspicion(call: Call, step: FirstStep, form: Form) -> str:
    """Why this looks like the work of a robot; empty when it does not."""
    if form.get(TRAP):
        return "honeypot"
    fastest = timedelta(seconds=call.hub.settings.accounts.fastest_sign_up_s)
    return "too fast" if call.now - step.shown_at < fastest else ""


async def show_second_again(request: Request, second: Second, error: InvalidFields) -> Response:
    """Show what is wrong with the second step, or go back when it is the first one."""
    if first.FIELDS & set(error.fields):  # another site left it out, or the rules have changed
        return await first.show_first_again(request, error)
    visit = await visit_of(request)
    fields = dict(error.fields)
    # Only what the username adds to the password can be wrong here; it stands beside the username.
    password = fields.pop("password", ())
    in_username = tuple(_PASSWORD_OF_STEP_TWO.get(key, key) for key in password)
    if in_username:
        fields["username"] = (*fields.get("username", ()), *in_username)
    errors = told(visit.frame.language, InvalidFields(fields), name=second.username)
    return await show_second(request, second, errors)


def _welcomed(request: Request, second: Second, signed_up: SignedUp) -> Response:
    hub = hub_of(request)
    answer = redirected(request, "/verify-email")
    session = signed_up.session
    enter(request, answer, session)
    if signed_up.device:
        know(request, answer, signed_up.device)
    drop_cookie(request, answer, join_cookie(hub))
    if second.language != language_of(request, hub.settings.language):
        answer.set_cookie("lang", second.language, path=cookie_path(request), samesite="lax")
    return answer


async def show_second(request: Request, second: Second, errors: Told = NOTHING_WRONG) -> Response:
    """Show the second form."""
    visit, (versions, asked) = await visiting(
        request, lambda call: (documents.asked(call), puzzle(call, work_of(call)))
    )
    return shown(
        request,
        "accounts/join_second.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        form=second,
        errors=errors,
        versions=versions,
        trap=TRAP,
        puzzle=asked,
    )


def chosen_language(code: str) -> str:
    """A language that pages speak; English for any other."""
    return code if code in LANGUAGES else "en"
