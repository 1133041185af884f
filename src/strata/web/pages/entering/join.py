"""Sign up in two steps: who you are to us, then who you are to others (product §2.2 P02).

The first step is put away on the server under a cookie (`accounts/pending.py`), so the password
stands in no address, no hidden field and no history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import addresses, names
from strata.accounts.legal import documents
from strata.accounts.new_passwords import new_password_faults
from strata.core.call import Call, working
from strata.core.errors import Forbidden, InvalidFields, Malformed, TooLarge
from strata.core.hub import Hub
from strata.lib.pictures.squares import MAX_BYTES
from strata.membership.joining import faults, first, pending, signup
from strata.membership.joining.invites import LONGEST_CODE
from strata.membership.joining.pending import FirstStep
from strata.membership.joining.signup import SignedUp, SignUp
from strata.membership.joining.work import Done, puzzle
from strata.sessions.identities.claims import Claims
from strata.web import respond
from strata.web.auth import cookie_name
from strata.web.pages.entering import onward
from strata.web.pages.forms.body import STALE_FORM, Form, consents_in, form_of, submitted
from strata.web.pages.forms.file import form_with_file
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import (
    Visit,
    cookie_path,
    device_cookie,
    drop_cookie,
    enter,
    know,
    redirected,
    set_cookie,
    shown,
    visit_of,
    visiting,
)
from strata.web.pages.words.account import NOTHING_WRONG, Told, phrase, told
from strata.web.pages.words.language import LANGUAGES, language_of
from strata.web.work import exchange, hub_of, read

SECOND_STEP: Final = "/join?step=2"
CLOSED: Final = "signup.closed"
TRAP: Final = "website"  # a field that people do not see and robots fill in
FORM_LIFE: Final = timedelta(days=1)
_SHOWN_AT: Final = "signup.shown"
_TOO_LARGE: Final = InvalidFields({"picture": ("picture.too_large",)})
_PASSWORD_OF_STEP_TWO: Final = {"pw.contains_identity": "pw.contains_username"}


@dataclass(frozen=True, slots=True)
class _Second:
    """What the second form shows."""

    username: str = ""
    full_name: str = ""
    language: str = "en"
    mails: bool = False


async def join(request: Request) -> Response:
    """GET /join — step 1, and with `?step=2` step 2 of a sign-up that was begun."""
    visit, (step, suggested) = await visiting(request, lambda call: _begun(call, request))
    if visit.frame.viewer:
        return redirected(request, "/", notice="logged-in")
    if _is_closed(hub_of(request)):
        return _closed_page(request, visit)
    if request.query_params.get("step") != "2":
        email = step.email if step else ""
        begun = await _first_page(request, visit, email, identity=_identity(step))
        return onward.remember(request, begun)
    if step is None:
        return redirected(request, "/join")
    second = _Second(username=suggested, language=visit.frame.language)
    return onward.remember(request, await _second_page(request, second))


async def submit(request: Request) -> Response:
    """POST /join — the second step may carry a picture"""
    try:
        form, picture = await _sent(request)
        if form.get("step") == "2":
            return await _create(request, form, picture)
        return await _begin(request, form)
    except TooLarge:
        if not _has_file(request):
            raise
        # What else was entered has not been read.
        _, (_, suggested) = await visiting(request, lambda call: _begun(call, request))
        return await _second_again(request, _Second(username=suggested), _TOO_LARGE)
    except Forbidden as error:
        if error.message != CLOSED:
            raise
        return _closed_page(request, await visit_of(request), status=403)


async def _sent(request: Request) -> tuple[Form, bytes]:
    if _has_file(request):
        return await form_with_file(request, "picture", longest=MAX_BYTES)
    return await form_of(request), b""


def _has_file(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def availability(request: Request) -> Response:
    """GET /api/username-availability?name= — whether a new account may have the name."""
    name = request.query_params.get("name", "")
    faults = await read(request, lambda call: faults.name_faults(call, name))
    language = language_of(request, hub_of(request).settings.language)
    message = " ".join(phrase(language, key, name=name) for key in faults)
    return respond.json({"name": name, "available": not faults, "message": message})


def _begun(call: Call, request: Request) -> tuple[FirstStep | None, str]:
    step = pending.bring_back(call, request.cookies.get(_cookie_name(call.hub), ""))
    return step, names.suggest(call, step.email) if step else ""


async def _begin(request: Request, form: Form) -> Response:
    """Check and put away the first step."""
    try:
        _, cookie = await submitted(request, form, lambda call, sent: _keep(call, request, sent))
    except InvalidFields as error:
        visit, email = await visit_of(request), form.get("email", "")
        errors = told(visit.frame.language, error, domain=email.rpartition("@")[2])
        return await _first_page(request, visit, email, errors, identity="identity" in form)
    answer = redirected(request, SECOND_STEP)
    life = int(pending.LIFE.total_seconds())
    set_cookie(request, answer, _cookie_name(hub_of(request)), cookie, max_age=life)
    return answer


def _keep(call: Call, request: Request, form: Form) -> str:
    if _is_closed(call.hub):
        raise Forbidden(CLOSED)
    shown_at = _shown_at(call, form.get("shown", ""))
    step = FirstStep(
        email=form.get("email", "").strip(),
        password=form.get("password", ""),
        shown_at=shown_at,
        invite=form.get("invite", "").strip()[:LONGEST_CODE],
        identity=_begun_elsewhere(call, request, form),
        first_code=form.get("first_code", "").strip()[:LONGEST_CODE],
    )
    signup.require_free(call.hub, step.email, step.identity)
    faults = _first_faults(call, step)
    if faults:
        raise InvalidFields(faults)
    with working(call) as work:
        return pending.keep(work, step, replaces=request.cookies.get(_cookie_name(call.hub), ""))


def _identity(step: FirstStep | None) -> bool:
    """Whether another site has sent the visitor here."""
    return step is not None and step.identity is not None


def _begun_elsewhere(call: Call, request: Request, form: Form) -> Claims | None:
    """What another site said of the visitor, if this form goes on from there."""
    if "identity" not in form:
        return None
    step = pending.bring_back(call, request.cookies.get(_cookie_name(call.hub), ""))
    if step is None or step.identity is None:
        raise Malformed(STALE_FORM)
    return step.identity


def _first_faults(call: Call, step: FirstStep) -> dict[str, tuple[str, ...]]:
    hub = call.hub
    address = addresses.parse(step.email)
    email = faults.email_faults(call, step.email)
    identities = (address.local_part,) if address else ()
    password: tuple[str, ...] = ()
    if step.identity is None:
        password = new_password_faults(hub, step.password, identities=identities)
    invite = faults.invite_faults(call, step.invite, step.email)
    code = first.code_faults(call, step.first_code)
    found = {"email": email, "password": password, "invite": invite, "first_code": code}
    return {name: keys for name, keys in found.items() if keys}


async def _create(request: Request, form: Form, picture: bytes) -> Response:
    """Open the account."""
    second = _Second(
        form.get("username", "").strip(),
        form.get("full_name", ""),
        _chosen_language(form.get("language", "")),
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
        return await _second_again(request, second, InvalidFields(fields))
    if signed_up is None:
        return redirected(request, "/join")
    return _welcomed(request, second, signed_up)


def _sign_up(
    call: Call, request: Request, second: _Second, form: Form, picture: bytes
) -> SignedUp | None:
    cookie = request.cookies.get(_cookie_name(call.hub), "")
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
            read_in=_chosen_language(form.get("documents_language", "")),
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


def _shown_at(call: Call, ticket: str) -> datetime:
    """When the first page was given out; nobody can make that up.

    Raises:
        Malformed: the form was never one of our pages, or too long ago.
    """
    shown_at = call.hub.secrets.verify(_SHOWN_AT, ticket, datetime, now=call.now)
    if shown_at is None:
        raise Malformed(STALE_FORM)
    return shown_at


def _suspicion(call: Call, step: FirstStep, form: Form) -> str:
    """Why this looks like the work of a robot; empty when it does not."""
    if form.get(TRAP):
        return "honeypot"
    fastest = timedelta(seconds=call.hub.settings.accounts.fastest_sign_up_s)
    return "too fast" if call.now - step.shown_at < fastest else ""


async def _second_again(request: Request, second: _Second, error: InvalidFields) -> Response:
    visit = await visit_of(request)
    if {"email", "invite", "first_code"} & set(
        error.fields
    ):  # the rules of the site changed between the steps
        return redirected(request, "/join")
    fields = dict(error.fields)
    # Only what the username adds to the password can be wrong here; it stands beside the username.
    password = fields.pop("password", ())
    in_username = tuple(_PASSWORD_OF_STEP_TWO.get(key, key) for key in password)
    if in_username:
        fields["username"] = (*fields.get("username", ()), *in_username)
    errors = told(visit.frame.language, InvalidFields(fields), name=second.username)
    return await _second_page(request, second, errors)


def _welcomed(request: Request, second: _Second, signed_up: SignedUp) -> Response:
    hub = hub_of(request)
    answer = redirected(request, "/verify-email")
    session = signed_up.session
    enter(request, answer, session)
    if signed_up.device:
        know(request, answer, signed_up.device)
    drop_cookie(request, answer, _cookie_name(hub))
    if second.language != language_of(request, hub.settings.language):
        answer.set_cookie("lang", second.language, path=cookie_path(request), samesite="lax")
    return answer


async def _first_page(
    request: Request,
    visit: Visit,
    email: str,
    errors: Told = NOTHING_WRONG,
    *,
    identity: bool = False,
) -> Response:
    hub = hub_of(request)
    now = hub.clock()
    return shown(
        request,
        "accounts/join_first.html",
        visit,
        cache=NO_STORE,
        email=email,
        errors=errors,
        identity=identity,
        providers=hub.providers,
        asks_code=await read(request, first.asks_code),
        domains=hub.settings.accounts.allowed_domains,
        needs_invite=hub.settings.accounts.sign_up == "invite",
        invite=exchange(request).form.get("invite", request.query_params.get("invite", "")),
        shown_ticket=hub.secrets.sign(_SHOWN_AT, now, expires=now + FORM_LIFE),
    )


async def _second_page(request: Request, second: _Second, errors: Told = NOTHING_WRONG) -> Response:
    visit, (versions, asked) = await visiting(
        request, lambda call: (documents.versions(call), puzzle(call))
    )
    return shown(
        request,
        "accounts/join_second.html",
        visit,
        cache=NO_STORE,
        form=second,
        errors=errors,
        versions=versions,
        trap=TRAP,
        puzzle=asked,
    )


def _is_closed(hub: Hub) -> bool:
    return hub.settings.accounts.sign_up == "closed"


def _closed_page(request: Request, visit: Visit, status: int = 200) -> Response:
    private = hub_of(request).settings.private
    return shown(request, "accounts/join_closed.html", visit, status=status, private=private)


def _cookie_name(hub: Hub) -> str:
    return cookie_name(hub, "join")


def _chosen_language(code: str) -> str:
    return code if code in LANGUAGES else "en"
