"""`strata token …`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from strata.accounts import people
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.community.tokens.scopes import Wanted, settled
from strata.core.actor import TokenRole
from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.core.names import RepoId, RepoType
from strata.core.permissions import Permission
from strata.credentials.oauth.tokens.ending import end_leaked
from strata.credentials.tokens import making, owned
from strata.organizations.collaborators.shares import stand_in

_SCOPE = click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="THING=NAME[,NAME]",
    help="What a fineGrained token may do: THING is `*`, a user or organization, or a repository "
    "such as datasets/acme/x; NAME is the Hub's, such as repo.write. May be repeated.",
)


@click.group()
def token() -> None:
    """Create, list and revoke access tokens."""


@token.command()
@click.option("--user", "owner", required=True, help="Name of the account.")
@click.option("--name", required=True, help="What the owner sees in the list.")
@click.option("--role", type=click.Choice([role.value for role in TokenRole]), required=True)
@click.option("--value", help="A known value to accept, such as hf_…; default: a fresh one.")
@_SCOPE
@click.option("--gated", is_flag=True, help="A fineGrained token also reads gated repositories.")
@click.option("--days", type=click.IntRange(1), help="The token ends after so many days.")
@place_options
def create(  # noqa: PLR0913, PLR0917 — the options of the command
    owner: str,
    name: str,
    role: str,
    value: str | None,
    scopes: tuple[str, ...],
    days: int | None,
    data: Path | None,
    config: Path | None,
    *,
    gated: bool,
) -> None:
    """Create a token and print its value, which is never shown again."""
    if (scopes or gated) and role != TokenRole.FINE_GRAINED:
        raise click.UsageError("--scope and --gated are for --role fineGrained.")
    with opened(Place(data, config)) as call:
        person = _owner(call, owner)
        actor = stand_in(call, person.id)
        chosen = settled(replace(call, actor=actor), _wanted(person, scopes, gated=gated))
        ends = None if days is None else call.now + timedelta(days=days)
        terms = making.Terms(chosen.grants, chosen.organizations, ends)
        with working(call) as work:
            issued = making.create_for(
                work, person.id, name, TokenRole(role), value=value, terms=terms
            )
    click.echo(issued.value)


@token.command()
@place_options
def revoke(data: Path | None, config: Path | None) -> None:
    """Revoke leaked tokens: their values on standard input, one a line.

    Each owner is told by mail.
    """
    values = [line.strip() for line in sys.stdin if line.strip()]
    with opened(Place(data, config)) as call, working(call) as work:
        ended = end_leaked(work, dict.fromkeys(values, ""))
    click.echo(f"{ended} of {len(values)} opened something until now.")


@token.command("list")
@click.option("--user", "owner", required=True, help="Name of the account.")
@json_option
@place_options
def list_(owner: str, data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the tokens of an account, without their values."""
    with opened(Place(data, config)) as call:
        rows = [_row(held) for held in owned.of(call, _owner(call, owner).id)]
    listed(rows, as_json=as_json)


def _owner(call: Call, name: str) -> people.User:
    person = people.by_name(call, name)
    if person is None:
        raise NotFound(f"There is no account named {name!r}. See `strata user list`.")
    return person


def _wanted(person: people.User, scopes: Sequence[str], *, gated: bool) -> Wanted:
    everywhere: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    organizations: dict[str, frozenset[str]] = {}
    repos: dict[RepoId, frozenset[str]] = {}
    for text in scopes:
        thing, _, listed_ = text.partition("=")
        names = _names(listed_)
        if thing == "*":
            everywhere |= names
        elif "/" in thing:
            repos[_repo_id(thing)] = names
        elif thing.lower() == person.name.lower():
            own |= names
        else:
            organizations[thing] = names
    return Wanted(gated, everywhere, own, organizations, repos)


def _names(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    known = {permission.value for permission in Permission}
    if not names or not names <= known:
        raise click.UsageError(f"A scope names one or more of: {', '.join(sorted(known))}.")
    return names


def _repo_id(text: str) -> RepoId:
    first, _, rest = text.partition("/")
    kind = next((one for one in RepoType if one.plural == first and "/" in rest), None)
    return RepoId.parse(RepoType.MODEL, text) if kind is None else RepoId.parse(kind, rest)


def _row(held: owned.Token) -> dict[str, object]:
    return {
        "name": held.name,
        "role": held.role.value,
        "token": f"{held.prefix}…{held.suffix}",
        "created": held.created_at,
        "expires": held.expires_at,
        "last_used": held.last_used_at,
        "leaked": held.leaked_at,
    }
