"""The organisations one belongs to, and how to leave them (product §2.2 P17)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import admitting, inviting, members
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields, Malformed, NotFound
from strata.organizations import queries
from strata.organizations.admitting.queries import Sent, sent
from strata.organizations.inviting.record import Invite
from strata.organizations.record import Membership
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.organizations.inviting import number_in
from strata.web.pages.organizations.members import ROLES
from strata.web.pages.words.account import ACCOUNT_ERRORS
from strata.web.pages.words.language import N_, translated

PAGE: Final = "/settings/organizations"
LAST_ADMIN: Final = N_("You are the last admin. Make another member admin first.")
_NAMES: Final = {role: name for role, name, _ in ROLES}


@dataclass(frozen=True, slots=True)
class Found:
    """All that the page shows."""

    held: Sequence[Membership]
    needed: Collection[str]  # names of those that have no other admin
    invites: Sequence[Invite]
    asked: Sequence[Sent]


async def page(request: Request) -> Response:
    """GET /settings/organizations"""
    return await _page(request)


async def submit(request: Request) -> Response:
    """POST /settings/organizations — `form` says which: leave, accept, decline, take-back."""
    form = await form_of(request)
    act, notice = _ACTS.get(form.get("form", "leave"), (None, ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        await submitted(request, form, lambda call, sent: _done(call, act, sent))
    except Conflict:
        return await _page(request, LAST_ADMIN)
    except InvalidFields as error:
        key = next(iter(error.fields.values()))[0]
        return await _page(request, ACCOUNT_ERRORS[key])
    return redirected(request, PAGE, notice=notice)


async def _page(request: Request, refused: str = "") -> Response:
    visit, found = await visiting(request, _found)
    language = visit.frame.language
    return shown(
        request,
        "accounts/settings_organizations.html",
        visit,
        status=409 if refused else 200,
        held=found.held,
        needed=found.needed,
        invites=found.invites,
        asked=found.asked,
        names=_NAMES,
        admin=Role.ADMIN,
        last_admin=translated(language, LAST_ADMIN),
        refused=translated(language, refused) if refused else "",
    )


def _found(call: Call) -> Found:
    user_id = user_id_of(call)
    held = queries.memberships_of(call, user_id)
    administered = [one.organization for one in held if one.role is Role.ADMIN]
    return Found(
        held,
        {one.name for one in administered if not queries.has_other_admin(call, one.id, user_id)},
        inviting.mine(call),
        sent(call, user_id),
    )


def _done(call: Call, act: Callable[[Work, Form], None], form: Form) -> None:
    user_id_of(call)
    in_transaction(lambda work: act(work, form))(call)


def _leave(work: Work, form: Form) -> None:
    members.leave(work, form.get("name", ""))


def _accept(work: Work, form: Form) -> None:
    _answered(lambda: inviting.accept_mine(work, number_in(form, "invite")))


def _decline(work: Work, form: Form) -> None:
    _answered(lambda: inviting.decline_mine(work, number_in(form, "invite")))


def _take_back(work: Work, form: Form) -> None:
    try:
        admitting.take_back(work, form.get("name", ""))
    except NotFound as error:
        raise InvalidFields({"": ("join.gone",)}) from error


def _answered(act: Callable[[], None]) -> None:
    try:
        act()
    except NotFound as error:
        raise InvalidFields({"": ("invite.gone",)}) from error


_ACTS: Final[Mapping[str, tuple[Callable[[Work, Form], None], str]]] = {
    "leave": (_leave, "organization-left"),
    "accept": (_accept, "invite-accepted"),
    "take-back": (_take_back, "join-withdrawn"),
    "decline": (_decline, "invite-declined"),
}
