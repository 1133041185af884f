"""`strata db …`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options


@click.group()
def db() -> None:
    """Care for the database."""


@db.command()
@place_options
def upgrade(data: Path | None, config: Path | None) -> None:
    """Bring the tables up to date; opening a hub does the same."""
    with opened(Place(data, config)) as call:
        name = call.hub.database.url.get_backend_name()
    click.echo(f"The {name} database is up to date.", err=True)
