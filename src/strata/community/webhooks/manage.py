"""What an account does with its webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from strata.access.policy.persons import require_reader, require_writer
from strata.accounts import people
from strata.accounts.plans.quotas import quotas_of, used_up
from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.names import shown_names, watched_of
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.core.names import fresh_key
from strata.core.permissions import Permission
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.events.webhooks import deliveries, health, queries, sending
from strata.events.webhooks.record import Domain, Watched, Webhook
from strata.lib.http.guard import TargetRefused

MISSING = "There is no such webhook."
_ACT = "create webhooks"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a webhook shall be; None leaves a thing as it is."""

    url: str | None = None
    watched: Sequence[Watched] | None = None  # type and name
    domains: Sequence[Domain] | None = None
    secret: str | None = field(default=None, repr=False)  # empty: none


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook as its owner sees it."""

    webhook: Webhook
    watched: list[Watched]
    triggers: int  # in the last 24 hours


def mine(call: Call) -> list[Shown]:
    """The caller's webhooks, newest first.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    require_reader(call.actor, Permission.WEBHOOKS_READ)
    return _shown(call, queries.of_owner(call, call.actor.user_id or 0))


def one(call: Call, key: str) -> Shown:
    """One of the caller's webhooks.

    Raises:
        NotFound: the caller has none of this key. And as `mine`.
    """
    require_reader(call.actor, Permission.WEBHOOKS_READ)
    return _shown(call, [found(call, key)])[0]


def create(work: Work, wish: Wish) -> Shown:
    """Make a webhook.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        BadWebhook: a field breaks a rule, or there are too many webhooks.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    owner_id = work.actor.user_id or 0
    domains = Domain if wish.domains is None else wish.domains
    watched = watched_of(work, wish.watched or ())
    url = _checked_url(work, wish.url or "")
    secret = _checked_secret(work, wish.secret or "")
    _require_domains(domains)
    people.locked(work, owner_id)  # of several at once none is one too many
    most, has = quotas_of(work, owner_id).webhooks, queries.count_of(work, owner_id)
    if used_up(most, has):
        raise BadWebhook("url", "webhook.too_many", has=f"{has:,}", total=f"{most:,}")
    key = fresh_key()
    webhook_id = queries.insert(
        work,
        key=key,
        owner_id=owner_id,
        url=url,
        secret=secret,
        on_repos=Domain.REPO in domains,
        on_discussions=Domain.DISCUSSION in domains,
        created_at=work.now,
    )
    queries.watch(work, webhook_id, watched)
    made = one(work, key)
    record(work, "webhook.create", target=key, detail=changes({}, _told(made)))
    return made


def change(work: Work, key: str, wish: Wish) -> Shown:
    """Change what the wish names.

    Raises:
        NotFound, BadWebhook, and as `create`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    webhook = held(work, key)
    before = _told(one(work, key))
    values: dict[str, object] = {}
    if wish.url is not None and wish.url != webhook.url:
        values |= {"url": _checked_url(work, wish.url), **health.FRESH}
    if wish.secret is not None:
        values["secret"] = _checked_secret(work, wish.secret)
    if wish.domains is not None:
        _require_domains(wish.domains)
        values["on_repos"] = Domain.REPO in wish.domains
        values["on_discussions"] = Domain.DISCUSSION in wish.domains
    if wish.watched is not None:
        queries.watch(work, webhook.id, watched_of(work, wish.watched))
    if values:
        queries.update(work, webhook.id, **values)
    deliveries.wake_at(work, webhook.id, None)
    now = one(work, key)
    detail = {"changed": sorted(values), **changes(before, _told(now))}
    record(work, "webhook.update", target=key, detail=detail)
    return now


def enable(work: Work, key: str) -> Shown:
    """Let it be called again.

    Raises:
        NotFound, and as `create`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    webhook = held(work, key)
    if webhook.disabled_at is not None:
        health.enable(work, webhook)
        record(work, "webhook.update", target=key, detail=_switched(enabled=True))
    return one(work, key)


def disable(work: Work, key: str) -> Shown:
    """Let it be called no more; what waits for it is dropped.

    Raises:
        NotFound, and as `create`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    webhook = held(work, key)
    if webhook.disabled_at is None:
        health.disable(work, webhook, given_up=False)
        detail = {"reason": "owner", **_switched(enabled=False)}
        record(work, "webhook.disable", target=key, detail=detail)
    return one(work, key)


def _switched(*, enabled: bool) -> dict[str, object]:
    return {"changed": ["enabled"], **changes({"enabled": not enabled}, {"enabled": enabled})}


def delete(work: Work, key: str) -> None:
    """Take it away with its log.

    Raises:
        NotFound, and as `create`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    queries.delete(work, held(work, key).id)
    record(work, "webhook.delete", target=key)


def found(call: Call, key: str) -> Webhook:
    """A webhook of the caller, for those who have asked for the right already.

    Raises:
        NotFound: the caller has none of this key.
    """
    webhook = queries.by_key(call, call.actor.user_id or 0, key)
    if webhook is None:
        raise NotFound(MISSING)
    return webhook


def held(work: Work, key: str) -> Webhook:
    """As `found`, and nobody else changes it or takes it away while this work lasts."""
    webhook = queries.held(work, found(work, key).id)
    if webhook is None:
        raise NotFound(MISSING)
    return webhook


def _told(shown: Shown) -> dict[str, object]:
    """A webhook as the audit log has it: the host of its address, the rest may hold secrets."""
    return {
        "host": shown.webhook.host,
        "domains": [domain.value for domain in shown.webhook.domains],
        "watched": [f"{one.type} {one.name}" for one in shown.watched],
        "signed": shown.webhook.secret is not None,
    }


def _shown(call: Call, webhooks: Sequence[Webhook]) -> list[Shown]:
    if not webhooks:
        return []
    watched = queries.watched_by(call, [webhook.id for webhook in webhooks])
    names = shown_names(call, [one for several in watched.values() for one in several])
    triggers = deliveries.triggers_today(call, webhooks)
    return [
        Shown(webhook, [names[item] for item in watched[webhook.id]], triggers[webhook.id])
        for webhook in webhooks
    ]


def _checked_url(call: Call, url: str) -> str:
    """The address, if it may be called; its name is resolved when it is called."""
    trimmed = url.strip()
    if not trimmed:
        raise BadWebhook("url", "webhook.url_missing")
    try:
        call.hub.outbound.guard.target(trimmed)
    except TargetRefused as refused:
        raise BadWebhook("url", f"webhook.url_{refused.key}") from refused
    return trimmed


def _checked_secret(call: Call, secret: str) -> bytes | None:
    visible = secret.isascii() and secret.isprintable() and " " not in secret
    if not visible or len(secret) > sending.LONGEST_SECRET:
        raise BadWebhook("secret", "webhook.secret_bad")
    return sending.seal(call.hub, secret)


def _require_domains(domains: Sequence[Domain] | type[Domain]) -> None:
    if not list(domains):
        raise BadWebhook("domains", "webhook.no_domain")
