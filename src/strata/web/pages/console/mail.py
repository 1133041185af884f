"""Mail: what became of it, a test, what the name system says (product S-021, P72)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from strata.access import mails
from strata.accounts.mailboxes.addresses import masked
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.events.mails.trying import advices_of
from strata.events.outbox import Kept, State
from strata.lib.db.seek import Window
from strata.lib.mail.records import Advice
from strata.sessions.signed_in import console
from strata.web.pages.console.entering import entrance
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.language import N_
from strata.web.work import MAX_NUMBER_DIGITS, hub_of

PAGE: Final = "/admin/mail"
PER_PAGE: Final = 50
LONGEST: Final = 254  # characters of an address
NO_MAIL: Final = 0  # an id that no mail has
STATES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.QUEUED: N_("On its way"),
        State.SENT: N_("Taken by the mail server"),
        State.FAILED: N_("Not sent"),
        State.RETURNED: N_("Came back"),
        State.KEPT: N_("Only kept here"),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the address."""

    state: State | None
    to: str  # a whole address; empty: all

    @property
    def query(self) -> Mapping[str, str]:
        """The filter as it goes into an address."""
        given = {"state": self.state.value if self.state else "", "to": self.to}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Line:
    """One mail as the page shows it: without its text, and with a shortened address."""

    id: int
    at: datetime
    to: str
    subject: str
    state: State
    attempts: int
    reply: str
    can_be_retried: bool

    @property
    def is_untried(self) -> bool:
        return self.state is State.QUEUED and not self.attempts


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows."""

    lines: tuple[Line, ...]
    after: str  # `?after=` of the next page; empty on the last
    tested: Line | None  # the test mail that is asked about


async def page(request: Request) -> Response:
    """GET /admin/mail — filters by state and whole address; `?test=` tells of one test mail."""
    return await _page(request, {}, None)


async def domain(request: Request) -> Response:
    """GET /admin/mail/domain — asks the name servers, which no other page of mail does."""
    visit, entered = await visiting(request, console.is_entered)
    if not entered:
        return entrance(request, visit)
    settings = hub_of(request).settings
    sender, advices = "", list[Advice]()
    if settings.mail.url:
        sender, advices = await anyio.to_thread.run_sync(advices_of, settings)
    return shown(
        request, "console/mail_domain.html", visit, cache=NO_STORE, sender=sender, advices=advices
    )


async def test(request: Request) -> Response:
    """POST /admin/mail/test — then the page tells how far it is."""
    form = await form_of(request)
    address = form.get("address", "")
    try:
        _, mail_id = await submitted(request, form, _written(partial(_test, address)))
    except InvalidFields as error:
        return await _page(request, form, error)
    return redirected(request, f"{PAGE}?{urlencode({'test': mail_id})}")


async def retry(request: Request) -> Response:
    """POST /admin/mail/retry"""
    form = await form_of(request)
    mail_id = _number(form.get("mail", "")) or NO_MAIL
    await submitted(request, form, _written(lambda work: mails.retry(work, mail_id)))
    return redirected(request, PAGE, notice="mail-retried")


async def confirm(request: Request) -> Response:
    """POST /admin/mail/confirm — somebody's address, where no mail reaches them."""
    form = await form_of(request)
    name = form.get("username", "").strip()
    try:
        await submitted(request, form, _written(lambda work: mails.confirm_address(work, name)))
    except InvalidFields as error:
        return await _page(request, form, error)
    return redirected(request, PAGE, notice="address-confirmed")


def _test(address: str, work: Work) -> int:
    return mails.send_test(work, address)


def _written(act: Callable[[Work], int | None]) -> Callable[[Call, Form], int | None]:
    return lambda call, _form: in_transaction(act)(call)


async def _page(request: Request, entered: Form, error: InvalidFields | None) -> Response:
    wanted, window = _asked(request), window_of(request, keys=1, limit=PER_PAGE)
    tested = _number(request.query_params.get("test", ""))
    visit, found = await visiting(request, partial(_find, window, wanted, tested))
    if found is None:
        return entrance(request, visit)
    errors: Told = told(visit.frame.language, error) if error else NOTHING_WRONG
    return shown(
        request,
        "console/mail.html",
        visit,
        status=400 if error else 200,
        cache=NO_STORE,
        found=found,
        asked=wanted,
        states=STATES,
        can_send=bool(hub_of(request).settings.mail.url),
        entered=entered,
        errors=errors,
        place=PAGE,
    )


def _find(window: Window, wanted: Asked, tested: int | None, call: Call) -> Found | None:
    if not console.is_entered(call):
        return None
    listed = mails.deliveries(call, window, wanted.state, wanted.to)
    one = mails.delivery(call, tested) if tested is not None else None
    lines = tuple(_line(kept) for kept in listed.rows)
    return Found(lines, address_of(listed.last), _line(one) if one else None)


def _line(kept: Kept) -> Line:
    return Line(
        id=kept.id,
        at=kept.created_at,
        to=masked(kept.recipient),
        subject=kept.subject,
        state=kept.state,
        attempts=kept.attempts,
        reply=kept.last_reply or "",
        can_be_retried=kept.can_be_retried,
    )


def _asked(request: Request) -> Asked:
    """A state that we do not know is none."""
    query = request.query_params
    state = query.get("state", "")
    known = {one.value: one for one in State}
    return Asked(known.get(state), query.get("to", "").strip()[:LONGEST].replace("\0", ""))


def _number(text: str) -> int | None:
    good = text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS
    return int(text) if good else None
