"""`strata invite …`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import working
from strata.membership.joining import invites


@click.group()
def invite() -> None:
    """Invite people to sign up, where `accounts.sign_up` is `invite`."""


@invite.command()
@click.option("--email", default="", help="The only address that may use it; default: any.")
@click.option("--note", default="", help="Whom it is for, to remember.")
@click.option("--uses", type=int, default=1, help="How many may use it; default 1.")
@click.option("--days", type=int, default=7, help="How long it works; default 7.")
@click.option("--plan", default="", help="The plan that whoever uses it gets.")
@click.option("--plan-days", type=click.IntRange(1), help="How long they have it; default: ever.")
@place_options
def create(data: Path | None, config: Path | None, **asked: Any) -> None:
    """Make an invitation and print its code, which is not shown again."""
    plan, days = asked.pop("plan"), asked.pop("plan_days")
    promise = invites.Promise(plan, days) if plan else None
    with opened(Place(data, config)) as call:
        with working(call) as work:
            code = invites.invite(work, promise=promise, **asked)
        base = call.hub.settings.public_url.rstrip("/")
    click.echo(code)
    if base:
        click.echo(f"{base}/join?invite={code}", err=True)


@invite.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the invitations that can still be used, newest first."""
    with opened(Place(data, config)) as call:
        rows = [_row(one) for one in invites.open_invites(call)]
    listed(rows, as_json=as_json)


@invite.command()
@click.argument("invite_id", metavar="ID", type=int)
@place_options
def withdraw(invite_id: int, data: Path | None, config: Path | None) -> None:
    """Let nobody use an invitation any more."""
    with opened(Place(data, config)) as call, working(call) as work:
        invites.withdraw(work, invite_id)


def _row(one: invites.Invite) -> dict[str, object]:
    return {
        "id": one.id,
        "email": one.email_key or "",
        "note": one.note,
        "uses_left": one.uses_left,
        "plan": one.plan or "",
        "expires_at": one.expires_at.isoformat(),
    }
