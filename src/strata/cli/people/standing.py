"""`strata user suspend|restore|reset-password|sign-out`: how an account stands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from strata.access.organizations.members import named
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.core.call import working
from strata.core.errors import Malformed
from strata.membership.closing import suspend as closing
from strata.sessions.entering import signing_out


@click.command()
@click.argument("name")
@click.option("--reason", required=True, help="Told to the person.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="When it ends (UTC)."
)
@click.option("--hide-content", is_flag=True, help="Also withhold what the account published.")
@place_options
def suspend(
    name: str,
    reason: str,
    until: datetime | None,
    data: Path | None,
    config: Path | None,
    *,
    hide_content: bool,
) -> None:
    """Close the account NAME at once: no log-in, no tokens, no profile."""
    end = until.replace(tzinfo=UTC) if until else None
    wanted = closing.Suspension(reason, end, hide_content)
    with opened(Place(data, config)) as call, working(call) as work:
        person = named(work, name)
        closing.suspend(work, person, wanted)
    click.echo(person.name)


@click.command()
@click.argument("name")
@place_options
def restore(name: str, data: Path | None, config: Path | None) -> None:
    """Open the suspended account NAME again."""
    with opened(Place(data, config)) as call, working(call) as work:
        person = named(work, name)
        closing.restore(work, person)
    click.echo(person.name)


@click.command("reset-password")
@click.argument("name")
@place_options
def reset_password(name: str, data: Path | None, config: Path | None) -> None:
    """Have NAME choose another password before the next log-in; a link is sent to them."""
    with opened(Place(data, config)) as call, working(call) as work:
        person = named(work, name)
        closing.demand_password(work, person)
    click.echo(person.name)


@click.command("sign-out")
@click.argument("name", required=False)
@click.option("--everybody", is_flag=True, help="All browsers of all accounts.")
@place_options
def sign_out(name: str | None, data: Path | None, config: Path | None, *, everybody: bool) -> None:
    """End all sessions of NAME, or of everybody; access tokens and SSH keys go on."""
    if (name is None) is not everybody:
        raise Malformed("Name an account, or say --everybody.")
    with opened(Place(data, config)) as call, working(call) as work:
        if name is None:
            ended = signing_out.sign_everybody_out(work)
        else:
            ended = signing_out.sign_out(work, named(work, name))
    click.echo(f"{ended} sessions ended.", err=True)
