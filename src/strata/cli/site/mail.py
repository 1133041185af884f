"""`strata mail …`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed, safe
from strata.core.call import working
from strata.core.errors import Malformed, NotFound
from strata.events import outbox
from strata.events.mails import keeping
from strata.events.mails.returning import Taken, take_back
from strata.events.mails.trying import try_out
from strata.events.outbox import State
from strata.lib.mail.folders import mails_in

LONGEST_MAIL = 10 * 2**20  # bytes of a report that came back


@click.group()
def mail() -> None:
    """The mails that the hub wrote, and what became of them."""


@mail.command("list")
@click.option("--failed", is_flag=True, help="Those that were refused, given up or came back.")
@click.option("--queued", is_flag=True, help="Those that are still on their way.")
@click.option("--to", default="", metavar="ADDRESS", help="Those to one address.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="How many; default 50.")
@json_option
@place_options
def list_(  # noqa: PLR0913 — the options of the command
    data: Path | None,
    config: Path | None,
    limit: int,
    to: str,
    *,
    failed: bool,
    queued: bool,
    as_json: bool,
) -> None:
    """List the newest mails first, with what the mail server said."""
    states = [State.FAILED, State.RETURNED] * failed + [State.QUEUED] * queued
    with opened(Place(data, config)) as call:
        rows = [_row(kept) for kept in outbox.outbox(call, limit=limit, states=states, to=to)]
    listed(rows, as_json=as_json)


@mail.command()
@click.argument("mail_id", metavar="ID", type=int)
@place_options
def show(mail_id: int, data: Path | None, config: Path | None) -> None:
    """Print one mail as text, as long as it is not sent."""
    with opened(Place(data, config)) as call:
        kept = outbox.read(call, mail_id)
    if kept is None:
        raise NotFound(f"There is no mail {mail_id}. See `strata mail list`.")
    text = kept.text or f"(The text is not kept: the mail is {kept.state.value}.)\n"
    click.echo(f"To: {kept.recipient}\nSubject: {kept.subject}\n\n{text}", nl=False)


@mail.command()
@click.argument("mail_id", metavar="[ID]", type=int, required=False)
@click.option("--failed", is_flag=True, help="All that were refused or given up.")
@place_options
def retry(mail_id: int | None, data: Path | None, config: Path | None, *, failed: bool) -> None:
    """Send a mail that was not sent, at once and for another day."""
    if failed == (mail_id is not None):
        raise Malformed("Say which mail, or --failed for all that failed.")
    with opened(Place(data, config)) as call:
        chosen = keeping.failed(call) if mail_id is None else [mail_id]
        with working(call) as work:
            for one in chosen:
                keeping.retry(work, one)
    click.echo(f"On the way again: {len(chosen)}. See `strata mail list`.")


@mail.command()
@click.argument("address")
@place_options
def test(address: str, data: Path | None, config: Path | None) -> None:
    """Send a test mail, and print how far it came and what to do next."""
    with opened(Place(data, config)) as call:
        trial = try_out(call, address)
    for line in trial.lines:
        click.echo(safe(line))
    if not trial.accepted:
        raise SystemExit(1)


@mail.command()
@click.argument("folder", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--recipient", default="", help="The address to which the mail came.")
@place_options
def bounce(folder: Path | None, recipient: str, data: Path | None, config: Path | None) -> None:
    """Take mail that came back: one from stdin, or all of a Maildir or mbox.

    What is not about a mail of this hub is ignored. For Postfix, in /etc/aliases:
    bounces: "|/usr/local/bin/strata mail bounce"
    """
    with opened(Place(data, config)) as call:
        contents = [_read_stdin()] if folder is None else mails_in(folder, LONGEST_MAIL)
        taken = Counter(take_back(call, content, recipient=recipient) for content in contents)
    click.echo(", ".join(f"{what.value}: {taken[what]}" for what in Taken if taken[what]))


def _read_stdin() -> bytes:
    return sys.stdin.buffer.read(LONGEST_MAIL)


def _row(kept: outbox.Kept) -> dict[str, object]:
    return {
        "id": kept.id,
        "created": kept.created_at,
        "to": kept.recipient,
        "subject": kept.subject,
        "state": kept.state.value,
        "attempts": kept.attempts,
        "reply": kept.last_reply,
    }
