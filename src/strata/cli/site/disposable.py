"""`strata disposable …`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from strata.accounts.mailboxes import disposable as lists
from strata.cli.place import Place, place_options
from strata.core.errors import Malformed
from strata.core.settings.outbound import outbound_of
from strata.core.settings.tree import Settings
from strata.lib.http.guard import Allowed, TargetRefused
from strata.lib.http.outbound import Message, Unreachable

WITHIN_S: Final = 60
_OK: Final = 200


@click.group()
def disposable() -> None:
    """Care for the list of throw-away mailboxes, whose addresses may not sign up."""


@disposable.command()
@click.argument("source")
@place_options
def refresh(source: str, data: Path | None, config: Path | None) -> None:
    """Take a newer list from SOURCE: a file or an http(s) address, with one domain a line.

    A running hub takes it at once. `accounts.allow_disposable` lets everybody in instead.
    """
    settings = Place(data, config).loaded().settings
    domains = lists.parsed(_read(settings, source))
    file = lists.replace(settings, domains)
    click.echo(f"{len(domains)} domains, in {file}.", err=True)


@disposable.command()
@place_options
def reset(data: Path | None, config: Path | None) -> None:
    """Go back to the list that comes with this version."""
    settings = Place(data, config).loaded().settings
    gone = lists.forget(settings)
    held = len(lists.known_domains(settings))
    click.echo(f"{'Done' if gone else 'It held already'}: {held} domains.", err=True)


@disposable.command()
@click.argument("domain", required=False)
@place_options
def show(domain: str | None, data: Path | None, config: Path | None) -> None:
    """Print the list that holds, or whether it names a DOMAIN."""
    settings = Place(data, config).loaded().settings
    if domain is None:
        click.echo("\n".join(sorted(lists.known_domains(settings))))
        return
    click.echo("yes" if lists.is_disposable(settings, domain.lower()) else "no")


def _read(settings: Settings, source: str) -> str:
    if not source.startswith(("http://", "https://")):
        try:
            return Path(source).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Malformed(f"{source} cannot be read: {error}.") from error
    try:
        return _fetched(settings, source)
    except (Unreachable, TargetRefused, UnicodeDecodeError) as error:
        raise Malformed(f"{source} does not give a list: {error}.") from error


def _fetched(settings: Settings, address: str) -> str:
    """The text at an address that the operator chose; it may not lead to others inside."""
    chosen, way = urlsplit(address), outbound_of(settings)
    allowed = Allowed(hosts=frozenset({chosen.hostname or ""}))
    guard = replace(way.guard, allowed=allowed, plain_http=chosen.scheme == "http")
    message = Message(b"", {"User-Agent": "strata"}, method="GET")
    reply = replace(way, guard=guard).send(
        address, message, within_s=WITHIN_S, keep=lists.MOST_BYTES
    )
    if reply.status != _OK or reply.truncated:
        raise Unreachable(f"status {reply.status}" if reply.status != _OK else "it is endless")
    return reply.body.decode("utf-8")
