"""How lists reach stdout: columns for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def listed(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows that have the same keys."""
    if as_json:
        click.echo(json.dumps(rows, default=_plain, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo("Nothing to list.", err=True)
        return
    table = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe(value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value))


def safe(text: str) -> str:
    """Titles, names and replies come from strangers: nothing may move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
