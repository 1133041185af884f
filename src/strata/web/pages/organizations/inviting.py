"""How admins invite people to an organisation (product §2.6 P52, §3.18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import inviting
from strata.accounts.invitations import Refused
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.events.letters import page as page_at
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import in_transaction, redirected, user_id_of, visiting
from strata.web.pages.organizations.members import Typed, answered, found_page
from strata.web.pages.words.account import told
from strata.web.work import field


async def submit(request: Request) -> Response:
    """POST /organizations/{name}/settings/invites — `form` says which: invite, link, withdraw."""
    form, name = await form_of(request), field(request, "name")
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        _, link = await submitted(request, form, lambda call, sent: _done(call, act, name, sent))
    except InvalidFields as error:
        return await _refused(request, name, form, error)
    if not link:
        return redirected(
            request, f"/organizations/{name}/settings/members", notice="invites-changed"
        )
    visit, found = await visiting(request, lambda call: found_page(call, name))
    return answered(request, visit, found, link=link)


async def _refused(request: Request, name: str, form: Form, error: InvalidFields) -> Response:
    visit, found = await visiting(request, lambda call: found_page(call, name))
    who = error.name if isinstance(error, Refused) else ""
    errors = told(visit.frame.language, error, name=who)
    typed = Typed(form.get("who", ""), form.get("role", "read"), errors)
    return answered(request, visit, found, typed)


def _done(call: Call, act: Callable[[Work, str, Form], str], name: str, form: Form) -> str:
    user_id_of(call)
    path = in_transaction(lambda work: act(work, name, form))(call)
    return page_at(call, path) or path if path else ""


def _invite(work: Work, name: str, form: Form) -> str:
    who = form.get("who", "").replace(",", " ").replace(";", " ").split()
    inviting.invite(work, name, who, _role(form))
    return ""


def _link(work: Work, name: str, form: Form) -> str:
    role = _role({"role": form.get("link_role", "")})
    days, uses = number_in(form, "days"), number_in(form, "uses")
    return inviting.make_link(work, name, role, days=days, uses=uses)


def _withdraw(work: Work, name: str, form: Form) -> str:
    try:
        inviting.withdraw(work, name, number_in(form, "invite"))
    except NotFound as error:
        raise InvalidFields({"": ("invite.gone",)}) from error
    return ""


def _role(form: Form) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError as error:
        raise Malformed("This role is not known here. Open the page again.") from error


def number_in(form: Form, name: str) -> int:
    """A number of at most nine digits; 0, which every rule refuses, for what is none."""
    text = form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


_ACTS: Final[Mapping[str, Callable[[Work, str, Form], str]]] = {
    "invite": _invite,
    "link": _link,
    "withdraw": _withdraw,
}
