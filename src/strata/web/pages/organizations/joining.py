"""Ask to join an organisation (product §2.6 P53), and what its admins decide (P52)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import admitting
from strata.access.organizations.managing import found
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.organizations.admitting.asking import Way
from strata.organizations.admitting.queries import Rules
from strata.organizations.record import Organization
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.organizations.members import Typed, answered, found_page
from strata.web.pages.words.account import NOTHING_WRONG, told
from strata.web.work import field


async def page(request: Request) -> Response:
    """GET /organizations/{name}/join"""
    return await _page(request, field(request, "name"))


async def ask(request: Request) -> Response:
    """POST /organizations/{name}/join"""
    form, name = await form_of(request), field(request, "name")
    try:
        _, done = await submitted(request, form, lambda call, sent: _ask(call, name, sent))
    except InvalidFields as error:
        return await _page(request, name, error, form.get("message", ""))
    if done is Way.JOIN:
        return redirected(request, f"/{quote(name)}", notice="invite-accepted")
    return redirected(request, "/settings/organizations", notice="join-asked")


async def decide(request: Request) -> Response:
    """POST /organizations/{name}/settings/joining — `form` says which: rules, admit, refuse."""
    form, name = await form_of(request), field(request, "name")
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        await submitted(request, form, lambda call, sent: _done(call, act, name, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: found_page(call, name))
        return answered(request, visit, found, Typed(errors=told(visit.frame.language, error)))
    return redirected(request, f"/organizations/{name}/settings/members", notice="settings-saved")


async def _page(
    request: Request, name: str, error: InvalidFields | None = None, message: str = ""
) -> Response:
    visit, (organization, offered) = await visiting(request, lambda call: _found(call, name))
    errors = told(visit.frame.language, error) if error else NOTHING_WRONG
    return shown(
        request,
        "accounts/organization_join.html",
        visit,
        status=400 if error else 200,
        organization=organization,
        offered=offered,
        message=message,
        errors=errors,
    )


def _found(call: Call, name: str) -> tuple[Organization, Way | None]:
    user_id_of(call)
    organization = found(call, name)
    return organization, admitting.offered(call, organization)


def _ask(call: Call, name: str, form: Form) -> Way:
    user_id_of(call)
    message = form.get("message", "").strip()
    return in_transaction(lambda work: admitting.ask(work, name, message))(call)


def _done(call: Call, act: Callable[[Work, str, Form], None], name: str, form: Form) -> None:
    user_id_of(call)
    in_transaction(lambda work: act(work, name, form))(call)


def _rules(work: Work, name: str, form: Form) -> None:
    at_once = form.get("at_once") == "on"
    rules = Rules(form.get("anybody") == "on", form.get("domain", ""), at_once)
    admitting.change_rules(work, name, rules)


def _admit(work: Work, name: str, form: Form) -> None:
    _decide(work, name, form, let_in=True)


def _refuse(work: Work, name: str, form: Form) -> None:
    _decide(work, name, form, let_in=False)


def _decide(work: Work, name: str, form: Form, *, let_in: bool) -> None:
    try:
        admitting.decide(work, name, form.get("user", ""), let_in=let_in)
    except NotFound as error:
        raise InvalidFields({"": ("join.gone",)}) from error


_ACTS: Final[Mapping[str, Callable[[Work, str, Form], None]]] = {
    "rules": _rules,
    "admit": _admit,
    "refuse": _refuse,
}
