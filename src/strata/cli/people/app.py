"""`strata app …`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import working
from strata.credentials.oauth import apps, scopes
from strata.credentials.oauth.apps import App, Origin
from strata.credentials.oauth.making import operator
from strata.credentials.oauth.making.description import Described
from strata.credentials.oauth.making.keeping import Birth


@click.group()
def app() -> None:
    """Create, list and delete applications that people log in to with their account here."""


@app.command()
@click.argument("name")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where answers go; repeat.")
@click.option(
    "--scope", "scope", default="openid profile email", show_default=True,
    help=f"What it may ask for: {' '.join(scopes.OFFERED)}.",
)  # fmt: skip
@click.option("--homepage", default="", help="Shown to people when they decide.")
@click.option("--public", is_flag=True, help="It can keep no secret, and gets none.")
@click.option("--device-flow", is_flag=True, help="It logs in with device codes.")
@click.option("--client-id", default="", help="A known one; default: a fresh one.")
@click.option("--secret", default="", help="A known one; default: a fresh one.")
@place_options
def create(  # noqa: PLR0913, PLR0917 — each is an option of the command
    name: str, redirect_uris: tuple[str, ...], scope: str, homepage: str, client_id: str,
    secret: str, data: Path | None, config: Path | None, *, public: bool, device_flow: bool,
) -> None:  # fmt: skip
    """Create an application and print its client_id and secret, which is never shown again."""
    described = Described(name, homepage, redirect_uris, scopes.parsed(scope), device_flow)
    birth = Birth(Origin.HUB, None, not public, client_id, secret)
    with opened(Place(data, config)) as call, working(call) as work:
        made = operator.create(work, described, birth)
    shown = {"client_id": made.app.client_id, "client_secret": made.secret or None}
    click.echo(json.dumps(shown))


@app.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List every application, without secrets."""
    with opened(Place(data, config)) as call:
        rows = [_row(found) for found in apps.everyone(call)]
    listed(rows, as_json=as_json)


@app.command()
@click.argument("client_id")
@place_options
def delete(client_id: str, data: Path | None, config: Path | None) -> None:
    """Delete an application; everything that people gave it ends at once."""
    with opened(Place(data, config)) as call, working(call) as work:
        operator.remove(work, client_id)


def _row(found: App) -> dict[str, object]:
    return {
        "client_id": found.client_id,
        "name": found.name,
        "owner": found.publisher or f"({found.origin.value})",
        "scopes": " ".join(found.scopes),
        "created": found.created_at,
    }
