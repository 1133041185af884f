"""`strata secrets …`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from strata.cli.lazy import named
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core import instance, sealing
from strata.core.call import working
from strata.core.sealing import Sealed
from strata.events.facts import record
from strata.lib.db.database import Database


@click.group()
def secrets() -> None:
    """Change the secret key of the hub (docs/operating.md says how)."""


def _kept() -> tuple[Sealed, ...]:
    found: tuple[Sealed, ...] = named("strata.app.sealed:SEALED")
    return found


@secrets.command()
@json_option
@place_options
def show(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Count what is sealed with the newest key, with a former one, and with an unknown one."""
    with opened(Place(data, config)) as call:
        rows = [{"what": one.purpose} | asdict(sealing.stand(call, one)) for one in _kept()]
    listed(rows, as_json=as_json)


@secrets.command()
@place_options
def renew(data: Path | None, config: Path | None) -> None:
    """Seal with STRATA_SECRET_KEY what is sealed with one of STRATA_FORMER_SECRET_KEYS."""
    with opened(Place(data, config)) as call, working(call) as work:
        renewed = sum(sealing.renew(work, one) for one in _kept())
        record(work, "admin.secrets_renew", detail={"renewed": renewed})
    click.echo(f"{renewed} renewed. No former key is needed for what is kept.", err=True)


@secrets.command()
@click.confirmation_option(
    prompt="Everybody has to log in again, and no access token works. Go on?"
)
@place_options
def lost(data: Path | None, config: Path | None) -> None:
    """Start anew with another STRATA_SECRET_KEY, after the one of before is lost.

    Sessions and access tokens open nothing any more, and who has an authenticator app needs
    `strata user reset-2fa`.
    """
    database = Database(Place(data, config).loaded().settings.database_url)
    try:
        instance.forget_lasting(database)
    finally:
        database.close()
    click.echo("Done. Start the hub with the secret key that is to hold from now on.", err=True)
