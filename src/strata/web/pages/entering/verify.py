"""Confirm the e-mail address: wait for the mail, type its code, or open its link (product §3.5)."""

from __future__ import annotations

import dataclasses
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.accounts.mailboxes import addresses
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, InvalidFields, TooMany, Unauthenticated
from strata.membership.confirming import mailing, verification
from strata.membership.confirming.verification import Outcome
from strata.web import respond
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame import onward
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.render import Viewer
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, phrase, told, wait_text
from strata.web.pages.words.language import N_
from strata.web.work import field, read

HERE: Final = "/verify-email"
LOG_IN_FIRST: Final = "/login?next=/verify-email"
MAILBOXES: Final = {
    "gmail.com": ("Gmail", "https://mail.google.com/"),
    "googlemail.com": ("Gmail", "https://mail.google.com/"),
    "outlook.com": ("Outlook", "https://outlook.live.com/"),
    "hotmail.com": ("Outlook", "https://outlook.live.com/"),
    "live.com": ("Outlook", "https://outlook.live.com/"),
    "qq.com": (N_("QQ Mail"), "https://mail.qq.com/"),
    "foxmail.com": (N_("QQ Mail"), "https://mail.qq.com/"),
    "163.com": (N_("163 Mail"), "https://mail.163.com/"),
    "126.com": (N_("126 Mail"), "https://mail.126.com/"),
}
OUTCOME_STATUS: Final = {Outcome.EXPIRED: 410, Outcome.UNKNOWN: 404, Outcome.WRONG: 404}
_CODE_ERRORS: Final = {
    Outcome.WRONG: "code.wrong",
    Outcome.EXPIRED: "code.expired",
    Outcome.UNKNOWN: "code.expired",
}


async def page(request: Request) -> Response:
    """GET /verify-email — the way to the mailbox, and after it the way onward."""
    visit, pause_s = await visiting(request, lambda call: _pause_s(call, request))
    if visit.frame.viewer is None:
        return redirected(request, LOG_IN_FIRST)
    return _led_on(request, visit) or onward.remember(
        request, _waiting(request, visit, pause_s=pause_s)
    )


async def state(request: Request) -> Response:
    """GET /verify-email/state — asked by the page every few seconds."""
    verified = await read(request, lambda call: call.actor.verified)
    return respond.json({"verified": verified}, headers={"Cache-Control": NO_STORE})


async def resend(request: Request) -> Response:
    """POST /verify-email/resend"""
    form = await form_of(request)
    try:
        await submitted(request, form, lambda call, _: mailing.resend(call))
    except TooMany as error:
        return await _too_soon(request, error)
    except Conflict:  # confirmed meanwhile; the page says so
        return redirected(request, HERE)
    except Unauthenticated:
        return redirected(request, LOG_IN_FIRST)
    return redirected(request, f"{HERE}?sent=1")


async def change_address(request: Request) -> Response:
    """POST /verify-email/address"""
    form = await form_of(request)
    try:
        await submitted(request, form, _change)
    except InvalidFields as error:
        return await _again(request, error, form)
    except TooMany as error:
        return await _too_soon(request, error)
    except Conflict:
        return redirected(request, HERE)
    except Unauthenticated:
        return redirected(request, LOG_IN_FIRST)
    return redirected(request, f"{HERE}?sent=1")


async def enter_code(request: Request) -> Response:
    """POST /verify-email/code"""
    form = await form_of(request)
    try:
        visit, outcome = await submitted(request, form, _confirm_code)
    except Unauthenticated:
        return redirected(request, LOG_IN_FIRST)
    if outcome in (Outcome.VERIFIED, Outcome.HELD, Outcome.ALREADY):
        return redirected(request, HERE)
    error = phrase(visit.frame.language, _CODE_ERRORS[outcome])
    return _waiting(request, visit, errors=Told((("code", error),), visit.frame.language))


async def look_at_link(request: Request) -> Response:
    """GET /email_confirmation/{token} — changes nothing: mail scanners open links too."""
    token = field(request, "token")
    visit, outcome = await visiting(request, lambda call: verification.look_at_link(call, token))
    return _link_page(request, visit, outcome)


async def confirm_link(request: Request) -> Response:
    """POST /email_confirmation/{token} — confirms, in whatever browser, and logs nobody in."""
    token, form = field(request, "token"), await form_of(request)

    def act(work: Work) -> Outcome:
        return verification.confirm_link(work, token)

    visit, outcome = await submitted(request, form, lambda call, _: in_transaction(act)(call))
    return _link_page(request, visit, outcome)


def _change(call: Call, form: Form) -> None:
    mailing.change_address(call, form.get("email", ""))


def _confirm_code(call: Call, form: Form) -> Outcome:
    digits = "".join(form.get("code", "").split())[:32]
    with working(call) as work:
        return verification.confirm_code(work, digits)


def _pause_s(call: Call, request: Request) -> int:
    """Seconds for which Resend would be refused, as far as this page can know."""
    pause_s = call.hub.settings.entering.verify_pause_s
    if "sent" in request.query_params:
        return pause_s
    if call.actor.user_id is None:
        return 0
    age = call.now - profiles.person(call, call.actor.user_id).created_at
    return max(0, int(pause_s - age.total_seconds()))


async def _again(request: Request, error: InvalidFields, form: Form) -> Response:
    visit, _ = await visiting(request, lambda _call: None)
    typed = form.get("email", "")
    errors = told(visit.frame.language, error, domain=typed.rpartition("@")[2])
    return _waiting(request, visit, errors=errors, typed=typed)


async def _too_soon(request: Request, error: TooMany) -> Response:
    visit, _ = await visiting(request, lambda _call: None)
    language = visit.frame.language
    message = phrase(language, "rate.limited", t=wait_text(language, error.retry_after_s))
    return _waiting(request, visit, pause_s=error.retry_after_s, refused=message)


def _waiting(
    request: Request,
    visit: Visit,
    *,
    errors: Told = NOTHING_WRONG,
    typed: str = "",
    pause_s: int = 0,
    refused: str = "",
) -> Response:
    viewer = visit.frame.viewer
    if viewer is None or not viewer.unverified_email:
        return _confirmed(request, visit, Outcome.HELD if _waits(visit) else Outcome.VERIFIED)
    domain = visit.email.rpartition("@")[2].lower()
    return shown(
        request,
        "accounts/verify.html",
        _without_banner(visit, viewer),
        status=429 if refused else 400 if errors.summary else 200,
        headers={"Retry-After": str(pause_s)} if refused else None,
        cache=NO_STORE,
        mask=addresses.masked(visit.email),
        mailbox=MAILBOXES.get(domain),
        sent="sent" in request.query_params,
        errors=errors,
        typed=typed,
        pause_s=pause_s,
        refused=refused,
        trouble=viewer.trouble,
    )


def _without_banner(visit: Visit, viewer: Viewer) -> Visit:
    """This page is where the banners lead."""
    quiet = dataclasses.replace(viewer, unverified_email="", bouncing_email="")
    return dataclasses.replace(visit, frame=dataclasses.replace(visit.frame, viewer=quiet))


def _link_page(request: Request, visit: Visit, outcome: Outcome) -> Response:
    if outcome is Outcome.READY:
        return shown(request, "accounts/confirm_link.html", visit, cache=NO_STORE)
    if outcome in (Outcome.VERIFIED, Outcome.HELD, Outcome.ALREADY):
        return _led_on(request, visit) or _confirmed(request, visit, outcome)
    status = OUTCOME_STATUS[outcome]
    return shown(request, "accounts/link_dead.html", visit, status=status, cache=NO_STORE,
                 expired=outcome is Outcome.EXPIRED)  # fmt: skip


def _led_on(request: Request, visit: Visit) -> Response | None:
    """On to where they were going, if everything is open to them now."""
    viewer = visit.frame.viewer
    if viewer is None or viewer.unverified_email or viewer.waiting:
        return None
    return onward.led_on(request)


def _confirmed(request: Request, visit: Visit, outcome: Outcome) -> Response:
    """What is confirmed, and the way onward: none leads anywhere for who waits to be let in."""
    return shown(request, "accounts/verified.html", visit, cache=NO_STORE, outcome=outcome.value,
                 onward=not _waits(visit) and outcome is not Outcome.HELD)  # fmt: skip


def _waits(visit: Visit) -> bool:
    return visit.frame.viewer is not None and visit.frame.viewer.waiting
