"""`strata audit …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from strata.access import audit as log
from strata.access.audit import Told
from strata.access.organizations.members import named
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.findings import UNSOUND
from strata.events.audit.narrowing import KINDS, Filter
from strata.events.audit.sealing import seal as sealing
from strata.events.audit.sealing.seal import Seal, seal_of_line
from strata.events.audit.shape import shape_of
from strata.events.audit.verify import verify as verified
from strata.lib.db.seek import Window

BATCH = 500


@click.group()
def audit() -> None:
    """Read the audit log, and check that nobody changed it."""


_kind = click.option("--kind", type=click.Choice(sorted(KINDS)), help="Only entries of this kind.")
_by = click.option("--actor", help="Only what this account did.")


@audit.command("list")
@_kind
@_by
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="How many; default 50.")
@json_option
@place_options
def list_(
    data: Path | None,
    config: Path | None,
    kind: str | None,
    actor: str | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List the newest entries first."""
    with opened(Place(data, config)) as call:
        page = log.everything(call, Window(limit), _filter(call, kind, actor))
    listed([_row(told) for told in page.rows], as_json=as_json)


@audit.command()
@_kind
@_by
@place_options
def export(data: Path | None, config: Path | None, kind: str | None, actor: str | None) -> None:
    """Print the whole log as JSON, one entry a line, the newest first."""
    with opened(Place(data, config)) as call:
        for told in _all(call, _filter(call, kind, actor)):
            shape = shape_of(told.entry, told.actor, told.on_behalf_of)
            click.echo(json.dumps(shape, ensure_ascii=False))


@audit.command()
@place_options
def seal(data: Path | None, config: Path | None) -> None:
    """Seal what is new and print the seal; keep the line where nobody here can change it."""
    with opened(Place(data, config)) as call:
        sealing.seal_all(call)
        newest = sealing.newest(call)
    if newest is None:
        click.echo("Nothing has happened yet.", err=True)
        return
    click.echo(newest.line)


@audit.command()
@click.option("--seal", "line", help="A line of `strata audit seal`, or of the hub's own log.")
@json_option
@place_options
def verify(data: Path | None, config: Path | None, line: str | None, *, as_json: bool) -> None:
    """Check the whole log; exit code 9 names the first row that is broken or missing."""
    noted = _noted(line) if line else None
    with opened(Place(data, config)) as call:
        rows = [
            {"place": finding.place, "problem": finding.problem}
            for finding in verified(call, noted)
        ]
    if rows or as_json:
        listed(rows, as_json=as_json)
    click.echo("The log is broken." if rows else "The log is whole.", err=True)
    sys.exit(UNSOUND if rows else 0)


def _noted(line: str) -> Seal:
    noted = seal_of_line(line)
    if noted is None:
        raise Malformed("A seal is a line such as 2026-11-26:1234:<64 hexadecimal digits>.")
    return noted


def _filter(call: Call, kind: str | None, actor: str | None) -> Filter:
    return Filter(kind=kind or "", actor_id=named(call, actor).id if actor else None)


def _all(call: Call, wanted: Filter) -> Iterator[Told]:
    window: Window | None = Window(BATCH)
    while window is not None:
        page = log.everything(call, window, wanted)
        yield from page.rows
        window = Window(BATCH, page.last) if page.last is not None else None


def _row(told: Told) -> dict[str, datetime | str | int | None]:
    entry = told.entry
    return {
        "id": entry.id,
        "at": entry.at,
        "type": entry.type,
        "by": told.actor or entry.actor_kind,
        "target": entry.target,
        "result": entry.result,
        "ip": entry.ip,
    }
