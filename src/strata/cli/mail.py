"""`strata mail …`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.errors import NotFound
from strata.events import outbox


@click.group()
def mail() -> None:
    """Read the mails that the hub wrote."""


@mail.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="How many; default 50.")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, limit: int, *, as_json: bool) -> None:
    """List the newest mails first."""
    with opened(Place(data, config)) as call:
        rows = [_row(kept) for kept in outbox.outbox(call, limit=limit)]
    listed(rows, as_json=as_json)


@mail.command()
@click.argument("mail_id", metavar="ID", type=int)
@place_options
def show(mail_id: int, data: Path | None, config: Path | None) -> None:
    """Print one mail as text."""
    with opened(Place(data, config)) as call:
        kept = outbox.read(call, mail_id)
    if kept is None:
        raise NotFound(f"There is no mail {mail_id}. See `strata mail list`.")
    click.echo(f"To: {kept.recipient}\nSubject: {kept.subject}\n\n{kept.text}", nl=False)


def _row(kept: outbox.Kept) -> dict[str, object]:
    return {
        "id": kept.id,
        "created": kept.created_at,
        "to": kept.recipient,
        "subject": kept.subject,
        "state": _state(kept),
        "reply": kept.last_reply,
    }


def _state(kept: outbox.Kept) -> str:
    if kept.sent_at:
        return "sent"
    return "failed" if kept.failed_at else "waiting"
