"""`strata user …`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from strata.accounts import people
from strata.cli.opening import opened
from strata.cli.people.first_code import first_code
from strata.cli.people.identity import challenge, reset_two_factor
from strata.cli.people.standing import reset_password, restore, sign_out, suspend
from strata.cli.place import Place, look_alike_option, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.membership.confirming import approval, unconfirmed, verification
from strata.membership.joining import by_operator


@click.group()
def user() -> None:
    """Create, confirm, close and list accounts."""


for command in (
    suspend, restore, reset_password, sign_out, challenge, reset_two_factor, first_code,
):  # fmt: skip
    user.add_command(command)


@user.command()
@click.argument("name")
@click.option("--email", required=True, help="Address of the person; counts as confirmed.")
@click.option("--full-name", default="", help="Default: the name.")
@click.option("--password", help="Default: asked for on a terminal, else none.")
@click.option("--admin", is_flag=True, help="May administer the hub.")
@look_alike_option
@place_options
def create(  # noqa: PLR0913 — one for each option of the command
    name: str,
    email: str,
    full_name: str,
    password: str | None,
    data: Path | None,
    config: Path | None,
    *,
    admin: bool,
    look_alike: bool,
) -> None:
    """Create the account NAME and print its name."""
    secret = password if password is not None else _asked_password()
    account = by_operator.NewAccount(
        name=name,
        email=email,
        full_name=full_name,
        password=secret,
        admin=admin,
        similar=look_alike,
    )
    with opened(Place(data, config)) as call:
        created = by_operator.create_by_operator(call, account)
    click.echo(created.name)
    if secret is None:
        click.echo(
            f"{created.name} has no password: only access tokens work (`strata token create`).",
            err=True,
        )


def _asked_password() -> str | None:
    """Ask on a terminal; a script that gives none means none."""
    if not sys.stdin.isatty():
        return None
    answer: str = click.prompt(
        "Password (empty for none)", default="", show_default=False, hide_input=True, err=True
    )
    return answer or None


@user.command()
@click.argument("name")
@place_options
def confirm(name: str, data: Path | None, config: Path | None) -> None:
    """Take the address of NAME as confirmed, for somebody whom no mail reaches."""
    with opened(Place(data, config)) as call, working(call) as work:
        person = _named(work, name)
        verification.confirm_by_operator(work, person)
    click.echo(person.name)


@user.command()
@click.argument("name")
@place_options
def approve(name: str, data: Path | None, config: Path | None) -> None:
    """Let NAME in, where `accounts.sign_up` is `approval`."""
    with opened(Place(data, config)) as call, working(call) as work:
        approval.approve(work, _named(work, name))
    click.echo(name)


@user.command()
@click.argument("name")
@place_options
def reject(name: str, data: Path | None, config: Path | None) -> None:
    """Remove the account NAME, which waits to be let in."""
    with opened(Place(data, config)) as call, working(call) as work:
        unconfirmed.turn_away(work, _named(work, name))
    click.echo(name)


def _named(call: Call, name: str) -> people.User:
    person = people.by_name(call, name)
    if person is None:
        raise NotFound(f"There is no account named {name!r}. See `strata user list`.")
    return person


@user.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the accounts, oldest first."""
    with opened(Place(data, config)) as call:
        rows = [_row(person) for person in _all(call)]
    listed(rows, as_json=as_json)


def _all(call: Call) -> list[people.User]:
    found: list[people.User] = []
    while page := people.everyone(call, after_id=found[-1].id if found else 0):
        found += page
    return found


def _row(person: people.User) -> dict[str, object]:
    return {
        "name": person.name,
        "full_name": person.full_name,
        "email": person.email,
        "verified": person.verified_at is not None,
        "admin": person.admin,
        "two_factor": person.has_factor,
        "standing": person.standing,
        "address_taken": person.address_taken,
        "created": person.created_at,
        "last_login": person.last_login_at,
    }
