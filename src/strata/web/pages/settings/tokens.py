"""Access tokens: list, make, change, refresh, delete (product §2.2 P10).

A token's value is in one answer only, that of the POST which made it: not in an address, not in a
later page, and the browser is told to keep no copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.persons import require_person
from strata.community.tokens.scopes import Scopes, Wanted, described, settled
from strata.core.actor import Role, TokenRole
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound
from strata.core.permissions import grants_of
from strata.credentials.tokens import approvals, lives, renewing, tokens
from strata.credentials.tokens.tokens import Issued, Terms, Token
from strata.credentials.uses import TokenUse, uses_of
from strata.organizations import queries as organizations
from strata.organizations.token_policy import Approval
from strata.sessions.entering import browsers, sessions
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.settings import token_view
from strata.web.pages.settings.token_form import (
    MOST_FIELDS,
    Draft,
    end_of,
    from_address,
    from_form,
    from_scopes,
    wanted_of,
)
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field as path_field

LIST = "/settings/tokens"
LONGEST_ID = 18  # digits
MISSING = "There is no such token."


@dataclass(frozen=True, slots=True)
class _Listed:
    """The list, and above it the token that was just made."""

    tokens: list[Token]
    scopes: Mapping[int, Scopes]
    said: Mapping[int, list[tuple[str, Approval]]]  # by organisations
    now: datetime
    issued: Issued | None = None
    uses: Mapping[int, list[TokenUse]] = field(default_factory=dict)  # of those that were asked for
    made_in: Mapping[int, str] = field(default_factory=dict)  # and the browsers they were made in


@dataclass(frozen=True, slots=True)
class _Room:
    """What the form offers."""

    owner: str
    organizations: tuple[str, ...]
    longest: timedelta | None


async def listed(request: Request) -> Response:
    """GET /settings/tokens — `?usage=<id>` shows the last uses of one."""
    asked = request.query_params.get("usage", "")
    usage = int(asked) if _is_id(asked) else None
    visit, found = await visiting(request, lambda call: _list(call, usage=usage))
    return _list_page(request, visit, found)


async def new(request: Request) -> Response:
    """GET /settings/tokens/new — `?tokenType=write&displayName=…` fills the form in."""
    visit, room = await visiting(request, _room)
    return _form_page(request, visit, room, from_address(request.query_params))


async def create(request: Request) -> Response:
    """POST /settings/tokens/new"""
    form = await form_of(request, most=MOST_FIELDS)
    draft = from_form(form)
    try:
        visit, found = await submitted(request, form, lambda call, _: _create(call, draft))
    except InvalidFields as error:
        visit, room = await visiting(request, _room)
        return _form_page(request, visit, room, draft, _told(visit, error, room))
    return _list_page(request, visit, found)


async def ask_edit(request: Request) -> Response:
    """GET /settings/tokens/{id}/edit"""
    token_id = _token_id(request)

    def act(call: Call) -> tuple[_Room, Draft]:
        token = _own(call, token_id)
        if token.role is not TokenRole.FINE_GRAINED:
            raise NotFound(MISSING)
        scopes = described(call, grants_of(token.grants), user_id_of(call))
        return _room(call), from_scopes(token.name, scopes)

    visit, (room, draft) = await visiting(request, act)
    return _form_page(request, visit, room, draft, token_id=token_id)


async def edit(request: Request) -> Response:
    """POST /settings/tokens/{id}/edit"""
    form, token_id = await form_of(request, most=MOST_FIELDS), _token_id(request)
    draft = from_form(form)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        require_person(call.actor, "create tokens")
        held = _own(call, token_id)
        wanted = replace(wanted_of(draft), kept=grants_of(held.grants))
        chosen = settled(call, wanted)
        with working(call) as work:
            renewing.edit(work, token_id, Terms(chosen.grants, chosen.organizations))

    try:
        await submitted(request, form, act)
    except InvalidFields as error:
        visit, (room, name) = await visiting(
            request, lambda call: (_room(call), _own(call, token_id).name)
        )
        named = replace(draft, name=name, role=TokenRole.FINE_GRAINED)
        return _form_page(request, visit, room, named, _told(visit, error, room), token_id=token_id)
    return redirected(request, LIST, notice="token-saved")


async def ask_refresh(request: Request) -> Response:
    """GET /settings/tokens/{id}/refresh"""
    return await _asked(request, "refresh")


async def refresh(request: Request) -> Response:
    """POST /settings/tokens/{id}/refresh — `grace`: hours for which the old value lives on."""
    form, token_id = await form_of(request), _token_id(request)
    grace = form.get("grace", "0")
    hours = int(grace) if grace.isascii() and grace.isdigit() and len(grace) < 4 else -1

    def act(call: Call, _: Form) -> _Listed:
        user_id_of(call)
        with working(call) as work:
            issued = renewing.rotate(work, token_id, hours)
        return _list(call, issued)

    visit, found = await submitted(request, form, act)
    return _list_page(request, visit, found)


async def ask_delete(request: Request) -> Response:
    """GET /settings/tokens/{id}/delete"""
    return await _asked(request, "delete")


async def delete(request: Request) -> Response:
    """POST /settings/tokens/{id}/delete"""
    form, token_id = await form_of(request), _token_id(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            tokens.delete(work, token_id)

    await submitted(request, form, act)
    return redirected(request, LIST, notice="token-deleted")


async def ask_delete_all(request: Request) -> Response:
    """GET /settings/tokens/revoke-all"""
    visit, found = await visiting(request, _list)
    return shown(request, "accounts/token_confirm_all.html", visit, count=len(found.tokens))


async def delete_all(request: Request) -> Response:
    """POST /settings/tokens/revoke-all"""
    form = await form_of(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            tokens.delete_all(work)

    await submitted(request, form, act)
    return redirected(request, LIST, notice="tokens-deleted")


def _list(call: Call, issued: Issued | None = None, *, usage: int | None = None) -> _Listed:
    owner_id = user_id_of(call)
    held = tokens.of(call, owner_id)
    scopes = {
        token.id: described(call, grants_of(token.grants), owner_id)
        for token in held
        if token.role is TokenRole.FINE_GRAINED
    }
    shown_uses = [token.id for token in held if token.id == usage]
    uses: dict[int, list[TokenUse]] = {key: [] for key in shown_uses}
    uses |= uses_of(call, shown_uses)
    made_in = _browsers(call, owner_id, [one for one in held if one.id == usage])
    return _Listed(held, scopes, approvals.said_of(call, owner_id), call.now, issued, uses, made_in)


def _browsers(call: Call, owner_id: int, asked: list[Token]) -> dict[int, str]:
    """Which browser each was made in, where that is still logged in."""
    if not asked:
        return {}
    open_ones = {one.id: browsers.family_of(one.user_agent) for one in sessions.of(call, owner_id)}
    return {one.id: open_ones[one.session_id] for one in asked if one.session_id in open_ones}


def _room(call: Call) -> _Room:
    owner_id = user_id_of(call)
    inside = tuple(
        held.organization.name
        for held in organizations.memberships_of(call, owner_id)
        if held.role is not Role.NO_ACCESS
    )
    return _Room(call.actor.name or "", inside, lives.longest(call))


def _create(call: Call, draft: Draft) -> _Listed:
    user_id_of(call)
    narrowed = draft.role is TokenRole.FINE_GRAINED
    chosen = settled(call, wanted_of(draft) if narrowed else Wanted())
    end = end_of(draft, call.now)
    terms = Terms(chosen.grants, chosen.organizations, end, draft.mark)
    with working(call) as work:
        issued = tokens.create(work, draft.name, draft.role, terms)
    return _list(call, issued)


def _own(call: Call, token_id: int) -> Token:
    held = (one for one in tokens.of(call, user_id_of(call)) if one.id == token_id)
    token = next(held, None)
    if token is None:
        raise NotFound(MISSING)
    return token


async def _asked(request: Request, act: str) -> Response:
    """Ask before something that cannot be taken back."""
    token_id = _token_id(request)
    visit, token = await visiting(request, lambda call: _own(call, token_id))
    return shown(request, "accounts/token_confirm.html", visit, token=token, act=act)


def _token_id(request: Request) -> int:
    text = path_field(request, "id")
    if not _is_id(text):
        raise NotFound(MISSING)
    return int(text)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def _told(visit: Visit, error: InvalidFields, room: _Room) -> Told:
    days = room.longest.days if room.longest else ""
    return told(visit.frame.language, error, name=getattr(error, "name", ""), days=days)


def _list_page(request: Request, visit: Visit, found: _Listed) -> Response:
    language = visit.frame.language
    rows = [
        token_view.row(language, token, found.scopes.get(token.id), found.said, found.now)
        for token in found.tokens
    ]
    return shown(
        request,
        "accounts/tokens.html",
        visit,
        rows=rows,
        issued=found.issued,
        uses=found.uses,
        made_in=found.made_in,
    )


def _form_page(
    request: Request,
    visit: Visit,
    room: _Room,
    draft: Draft,
    errors: Told = NOTHING_WRONG,
    *,
    token_id: int | None = None,
) -> Response:
    editor = token_view.editor(
        visit.frame.language, draft, room.owner, room.organizations, room.longest
    )
    return shown(
        request,
        "accounts/token_new.html",
        visit,
        status=400 if errors.summary else 200,
        draft=draft,
        editor=editor,
        errors=errors,
        token_id=token_id,
    )
