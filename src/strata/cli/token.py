"""`strata token …`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.accounts import people
from strata.accounts.tokens import tokens
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.actor import TokenRole
from strata.core.call import Call, working
from strata.core.errors import NotFound


@click.group()
def token() -> None:
    """Create and list access tokens."""


@token.command()
@click.option("--user", "owner", required=True, help="Name of the account.")
@click.option("--name", required=True, help="What the owner sees in the list.")
@click.option("--role", type=click.Choice([role.value for role in TokenRole]), required=True)
@click.option("--value", help="A known value to accept, such as hf_…; default: a fresh one.")
@place_options
def create(
    owner: str, name: str, role: str, value: str | None, data: Path | None, config: Path | None
) -> None:
    """Create a token and print its value, which is never shown again."""
    with opened(Place(data, config)) as call:
        person = _owner(call, owner)
        with working(call) as work:
            issued = tokens.create_for(work, person.id, name, TokenRole(role), value=value)
    click.echo(issued.value)


@token.command("list")
@click.option("--user", "owner", required=True, help="Name of the account.")
@json_option
@place_options
def list_(owner: str, data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the tokens of an account, without their values."""
    with opened(Place(data, config)) as call:
        rows = [_row(held) for held in tokens.of(call, _owner(call, owner).id)]
    listed(rows, as_json=as_json)


def _owner(call: Call, name: str) -> people.User:
    person = people.by_name(call, name)
    if person is None:
        raise NotFound(f"There is no account named {name!r}. See `strata user list`.")
    return person


def _row(held: tokens.Token) -> dict[str, object]:
    return {
        "name": held.name,
        "role": held.role.value,
        "token": f"{held.prefix}…{held.suffix}",
        "created": held.created_at,
        "last_used": held.last_used_at,
    }
