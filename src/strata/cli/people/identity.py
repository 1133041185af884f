"""`strata user challenge|reset-2fa`: help for somebody who has lost every second factor."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from strata.access.organizations.members import named
from strata.accounts import people
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.core.call import Work, working
from strata.core.errors import NotFound
from strata.membership import identity
from strata.sessions.protecting import removal

ONE = "Give one of --signature, --token and --seen: how did NAME show who they are?"


@click.command()
@click.argument("name")
@place_options
def challenge(name: str, data: Path | None, config: Path | None) -> None:
    """Print a text that NAME signs with an SSH key of the account, for `reset-2fa`."""
    with opened(Place(data, config)) as call:
        text = identity.challenge(call, named(call, name))
    click.echo(text)
    click.echo(
        f"Have {name} run this with the text within a day, and send back what it prints:\n"
        f"  printf %s '{text}' | ssh-keygen -Y sign -n {identity.NAMESPACE} -f ~/.ssh/id_ed25519",
        err=True,
    )


@click.command("reset-2fa")
@click.argument("name")
@click.option("--challenge", "text", default="", help="What `user challenge` has printed.")
@click.option("--signature", type=click.File(), help="File (-: standard input) of its signature.")
@click.option("--token", type=click.File(), help="File (-: standard input) of a token of NAME.")
@click.option("--seen", default="", help="How else NAME was known; stands in the audit log.")
@click.option("--cancel", is_flag=True, help="Leave the second factors of NAME as they are.")
@place_options
def reset_two_factor(  # noqa: PLR0913 — one for each option of the command
    name: str,
    *,
    text: str,
    signature: IO[str] | None,
    token: IO[str] | None,
    seen: str,
    data: Path | None,
    config: Path | None,
    cancel: bool,
) -> None:
    """Take all second factors from NAME, who has lost them and shows who they are.

    Admins of the site keep them for 72 more hours. All confirmed addresses are told.
    """
    if not cancel and [bool(signature), bool(token), bool(seen)].count(True) != 1:
        raise click.UsageError(ONE)
    shown = identity.Proof(
        challenge=text,
        signature=signature.read(identity.LONGEST_PROOF) if signature else "",
        token=token.read(identity.LONGEST_PROOF) if token else "",
        seen=seen,
    )
    with opened(Place(data, config)) as call, working(call) as work:
        person = named(work, name)
        if cancel:
            _cancel(work, person)
        else:
            _reset(work, person, shown)
    click.echo(name)


def _reset(work: Work, person: people.User, shown: identity.Proof) -> None:
    proof = identity.require_shown(work, person, shown)
    due = removal.reset_by_operator(work, person, proof)
    if due is not None:
        when = f"{due:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{person.name} is an admin: it happens at {when}.", err=True)
    if shown.token:
        click.echo("Others have seen the token now: have it refreshed.", err=True)


def _cancel(work: Work, person: people.User) -> None:
    if not removal.cancel(work, person):
        raise NotFound(f"Nobody is about to take the second factors of {person.name}.")
