"""The account itself: its name, its address, and its end (product §2.2 P08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.accounts.confirmed import ConfirmedEmail, emails_of
from strata.accounts.naming import names
from strata.accounts.profiles import Person
from strata.core.actor import Standing
from strata.core.call import Call, working
from strata.core.errors import Forbidden, InvalidFields
from strata.events.mails.troubles import Trouble, troubles
from strata.membership.confirming import unconfirmed
from strata.membership.emails.adding import Waiting, waiting
from strata.membership.export.ask import Export, again_at, newest
from strata.repos.owning.follow import rename_account
from strata.sessions.passwords import changing
from strata.sessions.signed_in.sudo import require_sudo
from strata.web.auth import session_cookie_name
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.cookies import drop_cookie
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.settings.account import leaving
from strata.web.pages.settings.billing import bars
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.language import N_
from strata.web.pages.words.plans import plan_word
from strata.web.work import hub_of

PAGE = "/settings/account"
STAYS = N_("This account cannot be deleted here. Ask the people who run this site.")


async def index(request: Request) -> Response:
    """GET /settings"""
    return redirected(request, "/settings/profile")


async def account(request: Request) -> Response:
    """GET /settings/account"""
    visit, held = await visiting(request, read)
    return show(request, visit, held)


async def rename(request: Request) -> Response:
    """POST /settings/account/username"""
    form = await form_of(request)
    try:
        await submitted(request, form, _rename)
    except InvalidFields as error:
        visit, held = await visiting(request, read)
        typed = form.get("username", "")
        errors = told(visit.frame.language, error, name=typed)
        return show(request, visit, held, errors, typed=typed)
    return redirected(request, PAGE, notice="username-changed")


async def ask_delete(request: Request) -> Response:
    """GET /settings/account/delete"""
    visit, (person, found) = await visiting(request, _leaving)
    if found is not None:
        return leaving.page(request, visit, found)
    return _delete_page(request, visit, person)


async def delete(request: Request) -> Response:
    """POST /settings/account/delete"""
    form = await form_of(request, most=leaving.MOST_FIELDS)
    try:
        _, is_scheduled = await submitted(request, form, _delete)
    except InvalidFields as error:
        visit, (person, found) = await visiting(request, _leaving)
        errors = told(visit.frame.language, error)
        if found is not None:
            return leaving.page(request, visit, found, errors)
        return _delete_page(request, visit, person, errors)
    if is_scheduled:
        return redirected(request, PAGE)
    answer = redirected(request, "/", notice="account-deleted")
    drop_cookie(request, answer, session_cookie_name(hub_of(request)))
    return answer


def _person(call: Call) -> Person:
    return profiles.person(call, user_id_of(call))


def _rename(call: Call, form: Form) -> None:
    person = _person(call)
    require_sudo(call)
    bearer = names.Namespace(person.id, person.name, names.Kind.USER)
    with working(call) as work:
        rename_account(work, bearer, form.get("username", "").strip())


def _leaving(call: Call) -> tuple[Person, leaving.Farewell | None]:
    """Who asks; and what leaving means, for who may not leave at once."""
    person = _person(call)
    return person, None if _leaves_at_once(call, person) else leaving.farewell(call)


def _leaves_at_once(call: Call, person: Person) -> bool:
    """Whether nobody knows the account yet: it is not confirmed, or not let in."""
    return not person.verified or call.actor.standing is Standing.PENDING


def _delete(call: Call, form: Form) -> bool:
    """Delete an account that is not open yet, or schedule it for another: then it is True."""
    person = _person(call)
    if not _leaves_at_once(call, person):
        leaving.go(call, form)
        return True
    if form.get("confirm_name", "").strip() != person.name:
        raise InvalidFields({"confirm_name": ("account.other_name",)})
    require_sudo(call)
    with working(call) as work:
        if not unconfirmed.leave(work, person.id):
            raise Forbidden(STAYS)
    return False


@dataclass(frozen=True, slots=True)
class Held:
    """What the page shows."""

    person: Person
    emails: list[ConfirmedEmail]
    troubles: dict[str, Trouble]  # with which of them
    waiting: list[Waiting]
    export: Export | None
    export_again: datetime | None  # from when on another can be asked for; None: now
    plan: bars.Summary
    password: changing.Password


def read(call: Call) -> Held:
    """The signed-in person's account."""
    person = _person(call)
    emails, export = emails_of(call, person.id), newest(call, person.id)
    return Held(
        person,
        emails,
        troubles(call, [one.key for one in emails]),
        waiting(call, person.id),
        export,
        again_at(call, export),
        bars.summary(call),
        changing.password_of(call, person.id),
    )


def show(
    request: Request,
    visit: Visit,
    held: Held,
    errors: Told = NOTHING_WRONG,
    *,
    typed: str = "",
    typed_email: str = "",
) -> Response:
    """The page, with what is wrong with one of its forms."""
    return shown(
        request,
        "accounts/settings_account.html",
        visit,
        status=400 if errors.summary else 200,
        person=held.person,
        emails=held.emails,
        troubles=held.troubles,
        waiting=held.waiting,
        export=held.export,
        export_again=held.export_again,
        plan=held.plan,
        plan_name=plan_word(visit.frame.language, held.plan.standing.plan),
        password=held.password,
        typed=typed or held.person.name,
        typed_email=typed_email,
        errors=errors,
    )


def _delete_page(
    request: Request, visit: Visit, person: Person, errors: Told = NOTHING_WRONG
) -> Response:
    status = 400 if errors.summary else 200
    return shown(
        request, "accounts/account_delete.html", visit, status=status, person=person, errors=errors
    )
