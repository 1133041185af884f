"""What a webhook was told: for its owner to read, to repeat and to try out."""

from __future__ import annotations

from dataclasses import dataclass

from strata.access.policy.persons import require_reader, require_writer
from strata.accounts.plans.quotas import quotas_of
from strata.community.webhooks.access import may_be_told
from strata.community.webhooks.manage import found, held
from strata.community.webhooks.payload import example
from strata.core.call import Call, Work
from strata.core.errors import Conflict, NotFound
from strata.core.permissions import Permission
from strata.events.facts import record
from strata.events.webhooks import deliveries, queries
from strata.events.webhooks.record import Delivery, Origin, Telling, Webhook

PAGE = 25
MISSING = "There is no such delivery."
DISABLED = "This webhook is disabled. Enable it first."
_ACT = "create webhooks"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log, newest first."""

    deliveries: list[Delivery]
    next: str | None  # the key behind which the next part begins


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery with all that is kept of it."""

    webhook: Webhook
    delivery: Delivery
    readable: bool  # false: it tells of a repo that its owner may no longer know


def page(call: Call, key: str, *, before: str | None = None) -> Page:
    """A part of the log of one of the caller's webhooks.

    Raises:
        Unauthenticated, NotFound: as `manage.one`.
    """
    require_reader(call.actor, Permission.WEBHOOKS_READ)
    webhook = found(call, key)
    some = queries.newest_deliveries(call, webhook.id, before=before, limit=PAGE + 1)
    return Page(some[:PAGE], some[PAGE - 1].key if len(some) > PAGE else None)


def entry(call: Call, key: str, log_key: str) -> Entry:
    """One delivery.

    Raises:
        NotFound: no such webhook or delivery. And as `page`.
    """
    require_reader(call.actor, Permission.WEBHOOKS_READ)
    webhook = found(call, key)
    delivery = _delivery(call, webhook, log_key)
    return Entry(webhook, delivery, may_be_told(call, webhook.owner_id, delivery))


def replay(work: Work, key: str, log_key: str) -> None:
    """Send a delivery once more, to today's address with today's secret.

    Raises:
        NotFound: no such webhook or delivery, or one that the owner may no longer be told.
        Conflict: the webhook is disabled. TooMany: it was triggered as often as it may be.
        And as `manage.create`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    webhook = _enabled(work, key)
    delivery = _delivery(work, webhook, log_key)
    if not may_be_told(work, webhook.owner_id, delivery):
        raise NotFound(MISSING)
    again = Telling(
        webhook_id=webhook.id,
        event=delivery.event,
        payload=delivery.payload,
        repo_id=delivery.repo_id,
        private=delivery.private,
        most=quotas_of(work, webhook.owner_id).triggers,
    )
    deliveries.queue_now(work, webhook, again, Origin.REPLAY)
    record(work, "webhook.replay", target=key, detail={"delivery": log_key})


def send_test(work: Work, key: str) -> None:
    """Send an example, so that the owner sees whether the target answers.

    Raises:
        As `replay`.
    """
    require_writer(work.actor, _ACT, Permission.WEBHOOKS_WRITE)
    webhook = _enabled(work, key)
    story = example(work, work.actor.name or "", webhook.owner_id)
    most = quotas_of(work, webhook.owner_id).triggers
    telling = Telling(webhook.id, story.event.name, story.to(key), None, private=False, most=most)
    deliveries.queue_now(work, webhook, telling, Origin.TEST)
    record(work, "webhook.test", target=key)


def _enabled(work: Work, key: str) -> Webhook:
    webhook = held(work, key)
    if webhook.disabled_at is not None:
        raise Conflict(DISABLED)
    return webhook


def _delivery(call: Call, webhook: Webhook, log_key: str) -> Delivery:
    delivery = queries.delivery_by_key(call, webhook.id, log_key)
    if delivery is None:
        raise NotFound(MISSING)
    return delivery
