"""Access tokens made, and given other scopes: the form (product §2.2 P10, §3.10)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.persons import require_person
from strata.community.tokens.choosing import seen
from strata.community.tokens.scopes import Wanted, described, settled
from strata.core.actor import Role, TokenRole
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound
from strata.core.permissions import grants_of
from strata.credentials.tokens import lives, making, renewing
from strata.credentials.tokens.making import Terms
from strata.organizations import queries as organizations
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.settings.tokens.editor import Room, editor
from strata.web.pages.settings.tokens.listing import (
    LIST,
    MISSING,
    Listed,
    list_of,
    list_page,
    own,
    token_id_of,
)
from strata.web.pages.settings.tokens.scopes.draft import (
    MOST_FIELDS,
    Draft,
    from_address,
    from_form,
)
from strata.web.pages.settings.tokens.scopes.lives import end_of
from strata.web.pages.settings.tokens.scopes.scoping import from_scopes, named_in, wanted_of
from strata.web.pages.words.account import NOTHING_WRONG, told


@dataclass(frozen=True, slots=True)
class _Filled:
    """The form as it is shown."""

    draft: Draft
    room: Room
    token_id: int | None = None  # of the one whose scopes change


async def new(request: Request) -> Response:
    """GET /settings/tokens/new — `?tokenType=write&displayName=…` fills the form in."""
    draft = from_address(request.query_params)
    visit, room = await visiting(request, lambda call: _room_for(call, draft))
    inside = {name.lower() for name in room.organizations}
    strange = (name for name in draft.organizations if name.lower() not in inside)
    unknown = (*draft.unknown, *strange)
    return _form_page(request, visit, _Filled(replace(draft, unknown=unknown), room))


async def create(request: Request) -> Response:
    """POST /settings/tokens/new"""
    form = await form_of(request, most=MOST_FIELDS)
    draft = from_form(form)
    try:
        visit, found = await submitted(request, form, lambda call, _: _create(call, draft))
    except InvalidFields as error:
        visit, room = await visiting(request, lambda call: _room_for(call, draft))
        return _form_page(request, visit, _Filled(draft, room), error)
    return list_page(request, visit, found)


async def ask_edit(request: Request) -> Response:
    """GET /settings/tokens/{id}/edit"""
    token_id = token_id_of(request)

    def act(call: Call) -> _Filled:
        token = own(call, token_id)
        if token.role is not TokenRole.FINE_GRAINED:
            raise NotFound(MISSING)
        scopes = described(call, grants_of(token.grants), user_id_of(call))
        draft = from_scopes(token.name, scopes, _inside(call))
        return _Filled(draft, _room_for(call, draft), token_id)

    visit, filled = await visiting(request, act)
    return _form_page(request, visit, filled)


async def edit(request: Request) -> Response:
    """POST /settings/tokens/{id}/edit"""
    form, token_id = await form_of(request, most=MOST_FIELDS), token_id_of(request)
    draft = replace(from_form(form), role=TokenRole.FINE_GRAINED)

    def again(call: Call) -> _Filled:
        named = replace(draft, name=own(call, token_id).name)
        return _Filled(named, _room_for(call, named), token_id)

    try:
        await submitted(request, form, lambda call, _: _edit(call, token_id, draft))
    except InvalidFields as error:
        visit, filled = await visiting(request, again)
        return _form_page(request, visit, filled, error)
    return redirected(request, LIST, notice="token-saved")


def _create(call: Call, draft: Draft) -> Listed:
    user_id_of(call)
    narrowed = draft.role is TokenRole.FINE_GRAINED
    chosen = settled(call, wanted_of(draft) if narrowed else Wanted())
    end = end_of(draft.life, draft.day, call.now)
    terms = Terms(chosen.grants, chosen.organizations, end, draft.mark)
    with working(call) as work:
        issued = making.create(work, draft.name, draft.role, terms)
    return list_of(call, issued)


def _edit(call: Call, token_id: int, draft: Draft) -> None:
    user_id_of(call)
    require_person(call.actor, "create tokens")
    held = own(call, token_id)
    chosen = settled(call, replace(wanted_of(draft), kept=grants_of(held.grants)))
    with working(call) as work:
        renewing.edit(work, token_id, Terms(chosen.grants, chosen.organizations))


def _room_for(call: Call, draft: Draft) -> Room:
    """What the form offers, and which of the repos in the draft are there."""
    named = named_in(draft).values()
    return Room(call.actor.name or "", _inside(call), lives.longest(call), seen(call, named))


def _inside(call: Call) -> tuple[str, ...]:
    """The organisations whose blocks the form has."""
    held = organizations.memberships_of(call, user_id_of(call))
    return tuple(one.organization.name for one in held if one.role is not Role.NO_ACCESS)


def _placed(error: InvalidFields, draft: Draft) -> InvalidFields:
    """Put what is wrong with the end of a token beside the field in which it was chosen."""
    end = "day" if draft.life == "custom" else "life"
    fields = {end if name == "expires" else name: said for name, said in error.fields.items()}
    return InvalidFields(fields, **error.values)


def _form_page(
    request: Request, visit: Visit, filled: _Filled, error: InvalidFields | None = None
) -> Response:
    longest = filled.room.longest
    days = longest.days if longest else ""
    name = getattr(error, "name", "")
    errors = NOTHING_WRONG
    if error:
        errors = told(visit.frame.language, _placed(error, filled.draft), name=name, days=days)
    return shown(
        request,
        "accounts/token_new.html",
        visit,
        status=400 if error else 200,
        draft=filled.draft,
        editor=editor(visit.frame.language, filled.draft, filled.room),
        errors=errors,
        token_id=filled.token_id,
    )
