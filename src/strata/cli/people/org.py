"""`strata org …`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.access.organizations import members
from strata.access.organizations.managing import found
from strata.cli.opening import opened
from strata.cli.place import Place, look_alike_option, place_options
from strata.cli.printing import json_option, listed
from strata.core.actor import Role
from strata.core.call import Call, working
from strata.lib.db.seek import Window
from strata.organizations import queries
from strata.organizations.create import NewOrganization, create as create_organization
from strata.organizations.record import Member, Organization

PAGE = 1000  # members read at once

role_option = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the member may do.",
)


@click.group()
def org() -> None:
    """Create organizations and care for their members."""


@org.command()
@click.argument("name")
@click.option("--admin", required=True, help="Name of the account that administers it.")
@click.option("--full-name", default="", help="Default: the name.")
@click.option(
    "--visibility",
    type=click.Choice(["public", "private"]),
    default="public",
    show_default=True,
    help="Of new repositories whose creator does not say.",
)
@click.option("--hide-members", is_flag=True, help="Show the members to members only.")
@look_alike_option
@place_options
def create(  # noqa: PLR0913 — one for each option of the command
    name: str,
    admin: str,
    full_name: str,
    visibility: str,
    data: Path | None,
    config: Path | None,
    *,
    hide_members: bool,
    look_alike: bool,
) -> None:
    """Create the organization NAME and print its name."""
    wanted = NewOrganization(
        name=name,
        full_name=full_name,
        private_by_default=visibility == "private",
        members_hidden=hide_members,
        similar=look_alike,
    )
    with opened(Place(data, config)) as call, working(call) as work:
        created = create_organization(work, wanted, members.named(work, admin))
    click.echo(created.name)


@org.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the organizations, oldest first."""
    with opened(Place(data, config)) as call:
        rows = [_row(call, organization) for organization in _all(call)]
    listed(rows, as_json=as_json)


@org.group()
def member() -> None:
    """Add, remove and list members."""


@member.command("add")
@click.argument("name")
@click.argument("user")
@role_option
@place_options
def add(name: str, user: str, role: str, data: Path | None, config: Path | None) -> None:
    """Make USER a member of the organization NAME, or give a member another role."""
    with opened(Place(data, config)) as call, working(call) as work:
        members.add(work, name, user, Role(role))


@member.command("remove")
@click.argument("name")
@click.argument("user")
@place_options
def remove(name: str, user: str, data: Path | None, config: Path | None) -> None:
    """Take USER out of the organization NAME."""
    with opened(Place(data, config)) as call, working(call) as work:
        members.remove(work, name, user)


@member.command("list")
@click.argument("name")
@json_option
@place_options
def list_members(name: str, data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the members of the organization NAME."""
    with opened(Place(data, config)) as call:
        rows = [_member_row(one) for one in _members(call, found(call, name))]
    listed(rows, as_json=as_json)


def _all(call: Call) -> list[Organization]:
    found: list[Organization] = []
    while page := queries.everyone(call, after_id=found[-1].id if found else 0):
        found += page
    return found


def _members(call: Call, organization: Organization) -> list[Member]:
    page = queries.members_of(call, organization.id, Window(PAGE))
    found = [*page.rows]
    while page.last is not None:
        page = queries.members_of(call, organization.id, Window(PAGE, page.last))
        found += page.rows
    return found


def _row(call: Call, organization: Organization) -> dict[str, object]:
    return {
        "name": organization.name,
        "full_name": organization.full_name,
        "visibility": "private" if organization.private_by_default else "public",
        "members": queries.count_members(call, organization.id),
        "members_hidden": organization.members_hidden,
        "created": organization.created_at,
    }


def _member_row(one: Member) -> dict[str, object]:
    return {
        "name": one.face.name,
        "full_name": one.face.full_name,
        "role": one.role.value,
        "joined": one.joined_at,
    }
