"""The addresses of an account (product P08): add, make primary, remove, confirm."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields
from strata.membership.emails import adding, proved
from strata.membership.emails.adding import Outcome
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.settings.account import page as account
from strata.web.pages.words.account import told
from strata.web.work import field

LONGEST_ID = 18  # digits
STATUS = {Outcome.EXPIRED: 410, Outcome.UNKNOWN: 404}


async def add(request: Request) -> Response:
    """POST /settings/account/emails"""
    form = await form_of(request)
    try:
        await submitted(request, form, _add)
    except InvalidFields as error:
        return await _again(request, form, error)
    return redirected(request, account.PAGE, notice="email-sent")


async def change(request: Request) -> Response:
    """POST /settings/account/emails/change — make primary, remove, or wait no longer"""
    form = await form_of(request)
    try:
        await submitted(request, form, _change)
    except InvalidFields as error:
        return await _again(request, form, error)
    sent = form.get("act") == "again"
    return redirected(request, account.PAGE, notice="email-again" if sent else "emails-changed")


async def look_at_link(request: Request) -> Response:
    """GET /settings/emails/confirm/{token} — changes nothing: mail scanners open links too."""
    link = field(request, "token")
    visit, outcome = await visiting(request, lambda call: adding.look(call, link))
    return _link_page(request, visit, outcome)


async def confirm_link(request: Request) -> Response:
    """POST /settings/emails/confirm/{token} — confirms, in whatever browser."""
    link, form = field(request, "token"), await form_of(request)

    def act(work: Work) -> Outcome:
        return adding.confirm(work, link)

    visit, outcome = await submitted(request, form, lambda call, _: in_transaction(act)(call))
    return _link_page(request, visit, outcome)


def _add(call: Call, form: Form) -> None:
    adding.ask(call, form.get("email", ""), primary="primary" in form)


def _change(call: Call, form: Form) -> None:
    with working(call) as work:
        match form.get("act"):
            case "primary":
                proved.make_primary(work, form.get("key", ""))
            case "remove":
                proved.remove(work, form.get("key", ""))
            case "again":
                adding.confirm_again(work, form.get("key", ""))
            case _:
                adding.withdraw(work, _id(form.get("waiting", "")))


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0


async def _again(request: Request, form: Form, error: InvalidFields) -> Response:
    visit, held = await visiting(request, account.read)
    typed = form.get("email", "")
    errors = told(visit.frame.language, error, domain=typed.rpartition("@")[2])
    return account.show(request, visit, held, errors, typed_email=typed)


def _link_page(request: Request, visit: Visit, outcome: Outcome) -> Response:
    return shown(
        request,
        "accounts/email_link.html",
        visit,
        status=STATUS.get(outcome, 200),
        cache=NO_STORE,
        outcome=outcome.value,
    )
