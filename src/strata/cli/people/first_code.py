"""`strata user first-code`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.core.call import working
from strata.membership.joining import first


@click.command()
@place_options
def first_code(data: Path | None, config: Path | None) -> None:
    """Print a new code for the first account of an empty hub, its admin.

    The code before it is dead. On a hub that nobody else can reach, the first account needs a code
    from now on.
    """
    with opened(Place(data, config)) as call:
        with working(call) as work:
            code = first.make_code(work)
        address = call.hub.settings.public_url.rstrip("/")
    click.echo(code)
    place = f"{address}/join#code={code}" if address else "/join"
    click.echo(f"Open {place} and sign up with it.", err=True)
