"""The repos on which one works without belonging to their namespace, and invitations to more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.mailboxes.addresses import masked
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.core.names import RepoId, RepoType
from strata.repos.collaborating import answering, changing
from strata.repos.collaborating.answering import Landing
from strata.repos.collaborating.record import Collaboration, Invite
from strata.web.pages.collaborating.managing import ABOUT, NAMES
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field

PAGE: Final = "/settings/collaborations"


@dataclass(frozen=True, slots=True)
class Shared:
    """All that the page shows."""

    held: list[Collaboration]
    invites: list[Invite]


async def page(request: Request) -> Response:
    """GET /settings/collaborations"""
    return await _page(request)


async def submit(request: Request) -> Response:
    """POST /settings/collaborations — `form` says which: accept, decline or leave."""
    form = await form_of(request)
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        _, (onward, notice) = await submitted(
            request, form, lambda call, sent: _done(call, act, sent)
        )
    except InvalidFields as error:
        return await _page(request, error)
    return redirected(request, onward, notice=notice)


async def invitation(request: Request) -> Response:
    """GET /settings/collaborations/{token} — changes nothing: mail scanners open links too."""
    return await _invitation(request)


async def answer(request: Request) -> Response:
    """POST /settings/collaborations/{token} — `act` is accept or decline."""
    form, token = await form_of(request), field(request, "token")
    act = _decline_by if form.get("act") == "decline" else _accept_by
    try:
        _, (onward, notice) = await submitted(
            request, form, lambda call, _: _done(call, lambda work, _: act(work, token), form)
        )
    except InvalidFields as error:
        return await _invitation(request, error)
    return redirected(request, onward, notice=notice)


async def _page(request: Request, error: InvalidFields | None = None) -> Response:
    visit, found = await visiting(request, _found)
    errors: Told = told(visit.frame.language, error) if error else NOTHING_WRONG
    return shown(
        request,
        "accounts/settings_collaborations.html",
        visit,
        status=400 if error else 200,
        found=found,
        errors=errors,
        names=NAMES,
    )


async def _invitation(request: Request, error: InvalidFields | None = None) -> Response:
    token = field(request, "token")
    visit, found = await visiting(request, lambda call: _landing(call, token))
    errors: Told = told(visit.frame.language, error) if error else NOTHING_WRONG
    invite = found.invite if found else None
    return shown(
        request,
        "accounts/collaboration.html",
        visit,
        status=404 if found is None else 400 if error else 200,
        cache=NO_STORE,
        found=found,
        errors=errors,
        names=NAMES,
        about=ABOUT,
        sent_to=masked(invite.email) if invite and invite.email else "",
        here=f"/settings/collaborations/{quote(token)}",
    )


def _found(call: Call) -> Shared:
    user_id_of(call)
    return Shared(answering.held(call), answering.mine(call))


def _landing(call: Call, token: str) -> Landing | None:
    try:
        return answering.landing(call, token)
    except NotFound:
        return None


Act = Callable[[Work, Form], tuple[str, str]]  # returns where to go on, and the notice there


def _done(call: Call, act: Act, form: Form) -> tuple[str, str]:
    user_id_of(call)
    try:
        return in_transaction(lambda work: act(work, form))(call)
    except NotFound as error:
        raise InvalidFields({"": ("invite.gone",)}) from error


def _begun(found: Invite) -> tuple[str, str]:
    return url_path(found.repo.web_path), "collaboration-begun"


def _accept(work: Work, form: Form) -> tuple[str, str]:
    return _begun(answering.accept_mine(work, form.get("invite", "")))


def _decline(work: Work, form: Form) -> tuple[str, str]:
    answering.decline_mine(work, form.get("invite", ""))
    return PAGE, "invite-declined"


def _accept_by(work: Work, token: str) -> tuple[str, str]:
    return _begun(answering.accept(work, token))


def _decline_by(work: Work, token: str) -> tuple[str, str]:
    answering.decline(work, token)
    return PAGE, "invite-declined"


def _leave(work: Work, form: Form) -> tuple[str, str]:
    changing.leave(work, _repo_in(form))
    return PAGE, "collaboration-left"


def _repo_in(form: Form) -> RepoId:
    try:
        kind = RepoType(form.get("type", ""))
    except ValueError as error:
        raise Malformed("This form is not known here. Open the page again.") from error
    return RepoId.parse(kind, form.get("name", ""))


_ACTS: Final[Mapping[str, Act]] = {"accept": _accept, "decline": _decline, "leave": _leave}
