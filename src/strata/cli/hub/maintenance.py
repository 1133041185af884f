"""`strata maintenance`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from strata.cli.place import Place, place_options
from strata.core import maintenance as state
from strata.lib import clock


@click.group()
def maintenance() -> None:
    """Close the hub for a while, and open it again."""


@maintenance.command()
@click.option("--minutes", default=30, show_default=True, type=click.IntRange(1, 7 * 24 * 60),
              help="How long it will take: what people and programs are told.")  # fmt: skip
@place_options
def on(minutes: int, data: Path | None, config: Path | None) -> None:
    """Answer everybody with 503 until `off`; health checks go on. Nothing has to be restarted."""
    folder = Place(data, config).loaded().settings.data
    folder.mkdir(parents=True, exist_ok=True)
    until = clock.now() + timedelta(minutes=minutes)
    state.begin(folder, until)
    click.echo(f"Closed. People are told to come back at {until:%Y-%m-%d %H:%M} UTC.", err=True)


@maintenance.command()
@place_options
def off(data: Path | None, config: Path | None) -> None:
    """Let everybody in again."""
    was_closed = state.end(Place(data, config).loaded().settings.data)
    click.echo("Open again." if was_closed else "It was not closed.", err=True)
