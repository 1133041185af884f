"""`strata plan …`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from strata.access.plans import requests
from strata.accounts.naming import names
from strata.accounts.plans import grants, rules
from strata.accounts.plans.quotas import KEYS, standing_of
from strata.blobs.quota.usage import usage_of
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import Call, working
from strata.core.errors import Malformed, NotFound

days_option = click.option(
    "--days", type=click.IntRange(1), help="It ends after so many days; default: never."
)


@click.group()
def plan() -> None:
    """Make plans, give them to people and organizations, answer requests for more."""


@plan.command()
@click.argument("name")
@click.argument("quotas", nargs=-1, metavar="KEY=NUMBER…")
@place_options
def create(name: str, quotas: tuple[str, ...], data: Path | None, config: Path | None) -> None:
    """Make the plan NAME, or give it other quotas; what it does not name is as in the settings."""
    with opened(Place(data, config)) as call, working(call) as work:
        grants.make(work, name, dict(_parsed(one) for one in quotas))


@plan.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the plans and how many have each."""
    with opened(Place(data, config)) as call:
        rows = [
            {"plan": one.name, "owners": one.owners, "quotas": _written(one.quotas)}
            for one in grants.listed(call)
        ]
    listed(rows, as_json=as_json)


@plan.command()
@click.argument("owner")
@click.argument("name")
@days_option
@place_options
def assign(owner: str, name: str, days: int | None, data: Path | None, config: Path | None) -> None:
    """Give OWNER the plan NAME instead of the one they have."""
    with opened(Place(data, config)) as call, working(call) as work:
        grants.assign(work, _owner(work, owner), name, _end(work, days))


@plan.command()
@click.argument("owner")
@place_options
def withdraw(owner: str, data: Path | None, config: Path | None) -> None:
    """Let OWNER have what everybody has; nothing of theirs is deleted."""
    with opened(Place(data, config)) as call, working(call) as work:
        grants.withdraw(work, _owner(work, owner))


@plan.command()
@click.argument("owner")
@click.argument("quota", type=click.Choice(KEYS))
@click.argument("number", type=click.IntRange(0), required=False)
@days_option
@place_options
def override(
    owner: str, quota: str, number: int | None, days: int | None,
    data: Path | None, config: Path | None,
) -> None:  # fmt: skip
    """Give OWNER another QUOTA than their plan has; without NUMBER take that back."""
    with opened(Place(data, config)) as call, working(call) as work:
        grants.override(work, _owner(work, owner), quota, number, _end(work, days))


@plan.command()
@click.argument("owner")
@json_option
@place_options
def show(owner: str, data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Show what OWNER may have and what they use."""
    with opened(Place(data, config)) as call:
        place = _owner(call, owner)
        standing, usage = standing_of(call, place.id), usage_of(call, place.id)
        used = {"private_bytes": usage.private_bytes, "public_bytes": usage.public_bytes}
        rows: list[dict[str, object]] = [
            {
                "plan": standing.plan,
                "quota": key,
                "allowed": getattr(standing.quotas, key),
                "used": used.get(key),
            }
            for key in KEYS
        ]
    listed(rows, as_json=as_json)


@plan.command()
@click.argument("domain")
@click.argument("name")
@place_options
def rule(domain: str, name: str, data: Path | None, config: Path | None) -> None:
    """Give the plan NAME to all with a confirmed address of DOMAIN (or *.DOMAIN), now and later."""
    with opened(Place(data, config)) as call, working(call) as work:
        click.echo(f"{rules.by_domain(work, domain, name)} accounts have it by this rule.")


@plan.command()
@click.argument("domain")
@place_options
def unrule(domain: str, data: Path | None, config: Path | None) -> None:
    """Let addresses of DOMAIN stand for no plan any more."""
    with opened(Place(data, config)) as call, working(call) as work:
        rules.no_longer_by_domain(work, domain)


@plan.command("rules")
@json_option
@place_options
def rules_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the plans that come with domains, and with groups at other sites (`logins.file`)."""
    with opened(Place(data, config)) as call:
        rows = [{"rule": name, "plan": plan} for name, plan in rules.domain_rules(call).items()]
        for site in call.hub.providers:
            rows += [{"rule": f"{site.id}: {group}", "plan": p} for group, p in site.plan_rules]
    listed(rows, as_json=as_json)


@plan.command("requests")
@json_option
@place_options
def requests_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the requests that wait for an answer, oldest first."""
    with opened(Place(data, config)) as call:
        rows: list[dict[str, object]] = [
            {"id": one.id, "owner": one.owner, "asked": one.asked_at, "message": one.message}
            for one in requests.waiting(call)
        ]
    listed(rows, as_json=as_json)


@plan.command()
@click.argument("request_id", metavar="ID", type=int)
@click.argument("name")
@click.option("--answer", default="", help="What to write to who asked.")
@days_option
@place_options
def approve(
    request_id: int, name: str, answer: str, days: int | None,
    data: Path | None, config: Path | None,
) -> None:  # fmt: skip
    """Answer request ID by giving the plan NAME; who asked gets a mail."""
    with opened(Place(data, config)) as call, working(call) as work:
        requests.approve(work, request_id, name, _end(work, days), answer)


@plan.command()
@click.argument("request_id", metavar="ID", type=int)
@click.option("--answer", default="", help="What to write to who asked.")
@place_options
def decline(request_id: int, answer: str, data: Path | None, config: Path | None) -> None:
    """Say no to request ID; who asked gets a mail."""
    with opened(Place(data, config)) as call, working(call) as work:
        requests.decline(work, request_id, answer)


def _owner(call: Call, name: str) -> names.Namespace:
    place = names.find(call, name)
    if place is None:
        raise NotFound(f"There is no user or organization named {name!r}.")
    return place


def _end(call: Call, days: int | None) -> datetime | None:
    return None if days is None else call.now + timedelta(days=days)


def _parsed(text: str) -> tuple[str, int]:
    key, _, number = text.partition("=")
    if not number.isascii() or not number.isdigit():
        raise Malformed(f"{text!r} is not KEY=NUMBER, such as private_bytes=1099511627776.")
    return key, int(number)


def _written(quotas: object) -> str:
    values = dict(quotas) if isinstance(quotas, dict) else {}
    return " ".join(f"{key}={value}" for key, value in values.items())
