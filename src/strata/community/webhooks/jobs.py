"""The background work of webhooks: calling them, and clearing up after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from strata.accounts import people
from strata.community.webhooks.access import may_be_told
from strata.core.call import Call, Work, working
from strata.events import outbox
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.events.jobs import enqueue
from strata.events.webhooks import health, letters, queries, sending
from strata.events.webhooks.deliveries import JOB
from strata.events.webhooks.record import Webhook
from strata.events.webhooks.turns import LONGEST_TURN, turn

TIDY_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """Deliver what waits for one webhook, oldest first; see `events/webhooks/deliveries.py`."""

    kind: ClassVar[str] = JOB
    webhook_id: int

    def run(self, call: Call) -> None:
        with turn(call, self.webhook_id) as ours:
            over = call.now + LONGEST_TURN
            while ours and call.now <= over and _deliver_one(call, self.webhook_id):
                pass


def _deliver_one(call: Call, webhook_id: int) -> bool:
    """Make the delivery that is due; false when none is, or the webhook is to be left alone."""
    webhook, delivery = queries.by_id(call, webhook_id), queries.due_delivery(call, webhook_id)
    if webhook is None or delivery is None or not webhook.called_at(call.now):
        return False
    if not may_be_told(call, webhook.owner_id, delivery):
        with working(call) as work:
            queries.drop(work, delivery)
        return True
    attempt = sending.attempt(call.hub, webhook, delivery)
    with working(call) as work:
        now = queries.held(work, webhook.id)
        blamed = now is not None and now.url == webhook.url  # the address of now was not tried
        if now is not None and health.noted(work, now, delivery, attempt, blamed=blamed):
            _give_up(work, now)
    return True


def _give_up(work: Work, webhook: Webhook) -> None:
    """Disable a webhook that failed for too long and tell its owner."""
    health.disable(work, webhook, given_up=True)
    whose = Whose(subject_id=webhook.owner_id)
    detail = {"reason": "failing", **changes({"enabled": True}, {"enabled": False})}
    record(work, "webhook.disable", target=webhook.key, detail=detail, whose=whose)
    owner = people.by_id(work, webhook.owner_id)
    if owner is None:
        return
    reader = people.reader(owner)
    path = f"/settings/webhooks/{webhook.key}"
    days = health.PATIENCE.days
    letter = letters.webhook_disabled(work, reader, host=webhook.host, days=days, path=path)
    outbox.post(work, letter)


@dataclass(frozen=True, slots=True)
class TidyWebhooks:
    """Forget old deliveries; queues itself again."""

    kind: ClassVar[str] = "webhook.tidy"

    def run(self, call: Call) -> None:
        kept = timedelta(days=call.hub.settings.webhooks.log_days)
        with working(call) as work:
            queries.forget_deliveries(work, call.now - kept)
            enqueue(work, self, after=TIDY_EVERY)
