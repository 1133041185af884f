"""The members of an organisation, as its admins change them (product §2.6 P52)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import admitting, inviting, members
from strata.access.organizations.managing import overseen
from strata.access.organizations.shown import last_active
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields, Malformed, NotFound
from strata.lib.db.seek import Window
from strata.organizations import queries
from strata.organizations.admitting.queries import Asked, Rules
from strata.organizations.inviting.record import Invite
from strata.organizations.inviting.sending import LINK_ROLES
from strata.organizations.record import Member, Organization
from strata.web.pages.forms.body import LONGEST_BODY, MOST_FIELDS, PROOFS, Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.language import N_, translated
from strata.web.work import field

SHOWN: Final = 1000
LONGEST_FORM: Final = 4 * LONGEST_BODY
_OURS: Final = frozenset({"csrf_token", "sure", *PROOFS})
ROLES: Final = (
    (Role.NO_ACCESS, N_("No access"), N_("Belongs, but sees only what everybody sees.")),
    (Role.READ, N_("Read"), N_("Sees and downloads all repositories.")),
    (Role.CONTRIBUTOR, N_("Contributor"), N_("Also creates repositories and changes those.")),
    (Role.WRITE, N_("Write"), N_("Also changes all repositories and their settings.")),
    (Role.ADMIN, N_("Admin"), N_("Also gives repositories away and changes the members.")),
)
# What each of those may do, and from which role on.
ABILITIES: Final = (
    (N_("See and download private repositories"), Role.READ),
    (N_("Open discussions and pull requests there"), Role.READ),
    (N_("Create repositories and collections, and change their own"), Role.CONTRIBUTOR),
    (N_("Change, rename and delete all repositories"), Role.WRITE),
    (N_("Decide who reads gated repositories"), Role.WRITE),
    (N_("Give repositories to other owners"), Role.ADMIN),
    (N_("Manage members, access tokens and settings, and read the audit log"), Role.ADMIN),
)


@dataclass(frozen=True, slots=True)
class MembersPage:
    """What the page shows."""

    organization: Organization
    members: tuple[Member, ...]
    active: Mapping[int, datetime]  # when they were last here
    total: int
    invites: tuple[Invite, ...]
    rules: Rules
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form that invites, and what is wrong with it."""

    who: str = ""
    role: str = "read"
    errors: Told = NOTHING_WRONG
    unsure: Form | None = None  # what is done once its sender says that they are sure


async def page(request: Request) -> Response:
    """GET /organizations/{name}/settings/members"""
    visit, found = await visiting(request, lambda call: found_page(call, field(request, "name")))
    return answered(request, visit, found)


async def submit(request: Request) -> Response:
    """POST /organizations/{name}/settings/members — `form` says which: role, roles or remove."""
    form = await form_of(request, LONGEST_FORM, SHOWN + MOST_FIELDS)
    name = field(request, "name")
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        await submitted(request, form, lambda call, sent: _done(call, act, name, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: found_page(call, name))
        errors = told(visit.frame.language, error, name=form.get("user", ""))
        unsure = form if "sure" in error.fields else None
        return answered(request, visit, found, Typed(errors=errors, unsure=unsure))
    return redirected(request, f"/organizations/{name}/settings/members", notice="members-changed")


def _done(call: Call, act: Callable[[Work, str, Form], None], name: str, form: Form) -> None:
    user_id_of(call)
    in_transaction(lambda work: act(work, name, form))(call)


def _set_role(work: Work, name: str, form: Form) -> None:
    role, user = _role_in(form), form.get("user", "").strip()
    _told(lambda: members.change_role(work, name, user, role, sure="sure" in form))


def _set_roles(work: Work, name: str, form: Form) -> None:
    """Each ticked box is a field `pick-…` that holds a name."""
    role = _role_in(form)
    picked = [value for key, value in form.items() if key.startswith("pick-")]
    if not picked:
        raise InvalidFields({"": ("member.nobody",)})
    _told(lambda: members.change_roles(work, name, picked, role, sure="sure" in form))


def _role_in(form: Form) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError as error:
        raise Malformed("This role is not known here. Open the page again.") from error


def _remove(work: Work, name: str, form: Form) -> None:
    _told(lambda: members.remove(work, name, form.get("user", "").strip()))


def _told(act: Callable[[], None]) -> None:
    """Say beside the name what is wrong with it."""
    try:
        act()
    except NotFound as error:
        raise InvalidFields({"": ("member.unknown",)}) from error
    except Conflict as error:
        raise InvalidFields({"": ("member.refused",)}) from error


_ACTS: Final[Mapping[str, Callable[[Work, str, Form], None]]] = {
    "role": _set_role,
    "roles": _set_roles,
    "remove": _remove,
}


def found_page(call: Call, name: str) -> MembersPage:
    """What the page shows to an admin."""
    user_id_of(call)
    organization = overseen(call, name)
    listed = queries.members_of(call, organization.id, Window(SHOWN))
    total = queries.count_members(call, organization.id)
    rules, asked = admitting.waiting(call, name)
    invites = tuple(inviting.pending(call, name))
    active = last_active(call, [member.face.id for member in listed.rows])
    return MembersPage(organization, listed.rows, active, total, invites, rules, tuple(asked))


def answered(
    request: Request, visit: Visit, found: MembersPage, typed: Typed = Typed(), link: str = ""
) -> Response:
    """Show the page; with a `link` that is seen once."""
    named = {role: translated(visit.frame.language, name) for role, name, _ in ROLES}
    return shown(
        request,
        "accounts/organization_members.html",
        visit,
        status=400 if typed.errors.summary else 200,
        cache=NO_STORE,
        organization=found.organization,
        found=found,
        roles=ROLES,
        abilities=ABILITIES,
        kept=[(key, value) for key, value in (typed.unsure or {}).items() if key not in _OURS],
        names=named,
        choices=[(role.value, name) for role, name in named.items()],
        link_choices=[(role.value, named[role]) for role in LINK_ROLES],
        typed=typed,
        errors=typed.errors,
        link=link,
    )
