"""`strata serve`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from strata.cli.lazy import named
from strata.cli.place import Place, place_options


@click.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; default 8080.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes; default 1.")
@click.option("--public-url", help="Address that people use, such as https://hub.example.com.")
@place_options
def serve(
    data: Path | None,
    config: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    public_url: str | None,
) -> None:
    """Serve the hub until told to stop."""
    loaded = Place(data, config).loaded(
        server__host=host, server__port=port, server__workers=workers, public_url=public_url
    )
    sys.exit(named("strata.app.serving:serve")(loaded.settings))
