"""Which tokens of its members an organisation takes, as its admins decide (product §3.10)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import tokens as org_tokens
from strata.access.organizations.tokens import Overview, Rules
from strata.community.tokens.scopes import described
from strata.core.call import Call
from strata.core.errors import Conflict, InvalidFields, Malformed
from strata.core.permissions import grants_of
from strata.credentials.tokens.approving.approvals import Asked
from strata.organizations.token_policy import Approval, TokenPolicy
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import one_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.settings.tokens.scopes.words import Opened, opened
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field

_Page = tuple[Overview, list[tuple[Asked, tuple[Opened, ...]]]]


async def page(request: Request) -> Response:
    """GET /organizations/{name}/settings/tokens"""
    visit, found = await visiting(request, lambda call: _found(call, field(request, "name")))
    return _page(request, visit, found)


async def submit(request: Request) -> Response:
    """POST /organizations/{name}/settings/tokens — `form` says which: rules or decide."""
    form, name = await form_of(request), field(request, "name")
    acts = {"rules": _change_rules, "decide": _decide}
    act = acts.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        notice = await submitted(request, form, lambda call, sent: act(call, name, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _found(call, name))
        return _page(request, visit, found, told(visit.frame.language, error))
    return redirected(request, f"/organizations/{name}/settings/tokens", notice=notice[1])


def _found(call: Call, name: str) -> _Page:
    user_id_of(call)
    overview = org_tokens.overview(call, name)
    return overview, [(asked, _opens(call, overview, asked)) for asked in overview.asked]


def _opens(call: Call, overview: Overview, asked: Asked) -> tuple[Opened, ...]:
    """What a token opens of this organisation; what else it opens is not told."""
    scopes = described(call, grants_of(asked.grants), asked.user_id)
    name = overview.organization.name
    here = tuple(
        scope
        for scope in scopes.scoped
        if scope.entity.name == name or scope.entity.name.startswith(f"{name}/")
    )
    limited = type(scopes)(gated=False, everywhere=(), scoped=here)
    return opened(call.origin.language, limited)


def _change_rules(call: Call, name: str, form: Form) -> str:
    user_id_of(call)
    days = form.get("days", "").strip()
    number = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else None
    if days and number is None:
        raise InvalidFields({"days": ("token.bad_days",)})
    policy = TokenPolicy(one_of(form, "policy", list(TokenPolicy)))
    in_transaction(lambda work: org_tokens.change_rules(work, name, Rules(policy, number)))(call)
    return "token-rules-saved"


def _decide(call: Call, name: str, form: Form) -> str:
    user_id_of(call)
    token, state = form.get("token", ""), form.get("state", "")
    if state not in list(Approval) or not (token.isascii() and token.isdigit() and len(token) < 19):
        raise Malformed("This form is not known here. Open the page again.")
    said = (int(token), Approval(state), form.get("seen", ""))
    try:
        in_transaction(lambda work: org_tokens.decide(work, name, *said))(call)
    except Conflict as error:  # the page that is shown now says what holds
        raise InvalidFields({"": ("token.asks_anew",)}) from error
    return "token-decided"


def _page(request: Request, visit: Visit, found: _Page, errors: Told = NOTHING_WRONG) -> Response:
    overview, asked = found
    return shown(
        request,
        "accounts/organization_tokens.html",
        visit,
        status=400 if errors.summary else 200,
        cache=NO_STORE,
        organization=overview.organization,
        rules=overview.rules,
        asked=asked,
        errors=errors,
    )
