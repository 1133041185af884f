"""The inside of an organisation: members, their roles, resource groups (02 §P)."""

from __future__ import annotations

from typing import NoReturn

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import members
from strata.access.policy.namespaces import require_admin
from strata.access.policy.seeing import belongs_to, require_see_members
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotOffered
from strata.lib.db.seek import Page, Window
from strata.organizations import queries
from strata.organizations.record import Member
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.people.faces import Json, named_organization, people_json
from strata.web.paths import Route
from strata.web.work import field, json_of, read, work

NO_GROUPS = (
    "This hub does not offer resource groups: a role holds in the whole organization. "
    "Leave the group out."
)


class ResourceGroupRole(msgspec.Struct):
    """A role in a part of an organisation."""

    id: str
    role: Role


class RoleBody(msgspec.Struct, rename="camel"):
    """PUT /api/organizations/{name}/members/{user}/role."""

    role: Role
    resource_groups: list[ResourceGroupRole] | None = None


async def listed(request: Request) -> Response:
    """GET /api/organizations/{name}/members"""
    if request.query_params.get("email"):
        raise NotOffered("This hub does not look members up by e-mail address.")
    window = window_of(request, 1)
    page, items = await read(request, lambda call: _members(call, request, window))
    return respond.json(items, headers=next_link(request, page))


async def change_role(request: Request) -> Response:
    """PUT /api/organizations/{name}/members/{user}/role"""
    body = await json_of(request, RoleBody)

    def act(within: Work) -> None:
        organization = named_organization(within, request)
        require_admin(within.actor, organization.id)
        _refuse_groups(body)
        members.change_role(within, organization.name, field(request, "user"), body.role)

    await work(request, act)
    return respond.ok()


async def resource_groups(request: Request) -> Response:
    """GET /api/organizations/{name}/resource-groups — there are none."""

    def act(call: Call) -> None:
        require_admin(call.actor, named_organization(call, request).id)

    await read(request, act)
    return respond.json([])


async def change_resource_groups(request: Request) -> NoReturn:
    """POST /api/organizations/{name}/resource-groups — refused, not ignored."""

    def act(call: Call) -> None:
        require_admin(call.actor, named_organization(call, request).id)

    await read(request, act)
    raise NotOffered(NO_GROUPS)


def _members(call: Call, request: Request, window: Window) -> tuple[Page[Member], list[Json]]:
    """A page of members; what each may do is told to members alone."""
    organization = named_organization(call, request)
    require_see_members(call.actor, organization)
    page = queries.shown_members_of(call, organization.id, window)
    shown = people_json(call, (one.face for one in page.rows))
    if belongs_to(call.actor, organization.id):
        roles = ({"role": one.role.value} for one in page.rows)
        shown = [{**one, **role} for one, role in zip(shown, roles, strict=True)]
    return page, shown


def _refuse_groups(body: RoleBody) -> None:
    if body.resource_groups:
        raise NotOffered(NO_GROUPS)


_ADMINS = "admins' scripts"
_GROUPS = "/api/organizations/{name}/resource-groups"

ROUTES = (
    Route(("GET",), "/api/organizations/{name}/members", listed, "huggingface_hub ≥ 0.23"),
    Route(("PUT",), "/api/organizations/{name}/members/{user}/role", change_role, _ADMINS),
    Route(("GET",), _GROUPS, resource_groups, _ADMINS),
    Route(("POST",), _GROUPS, change_resource_groups, _ADMINS),
)
