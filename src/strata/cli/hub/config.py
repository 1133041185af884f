"""`strata config`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.settings.description import described
from strata.core.settings.tree import Settings


@click.command()
@json_option
@place_options
def config(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Show the effective settings and where each came from; secrets are masked."""
    loaded = Place(data, config).loaded()
    rows = [
        {
            "setting": entry.key,
            "value": _shown(loaded.settings, entry.key, secret=entry.secret),
            "from": loaded.origins[entry.key],
            "variable": entry.variable,
        }
        for entry in described()
    ]
    listed(rows, as_json=as_json)


def _shown(settings: Settings, key: str, *, secret: bool) -> object:
    group, _, leaf = key.rpartition(".")
    value = getattr(getattr(settings, group) if group else settings, leaf)
    if secret:
        return "(set)" if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return value if isinstance(value, (bool, int)) else str(value)
