"""Deliveries: rows written in the transaction of the fact that they tell of.

What a delivery says and who may be told is decided above (`community/webhooks`), as it is with
letters and the outbox. A job empties the whole queue of its webhook, which is called by one thread
at a time, so that a dead target delays only itself. The transaction of a fact writes a job row of
its own and touches no row that another fact touches, so that commits do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from strata.core.actor import SYSTEM
from strata.core.call import Call, Origin as Asker, Work
from strata.core.errors import TooMany
from strata.core.names import fresh_key
from strata.events.facts import Whose, record
from strata.events.jobs import enqueue_row
from strata.events.webhooks import queries
from strata.events.webhooks.record import Origin, State, Telling, Webhook

JOB = "webhook.deliver"  # the job that empties the queue of one webhook
MOST_TRIGGERS = (
    "This webhook was triggered {has:,} of {most:,} times in 24 hours. Try again later, or ask for"
    " more under Settings, Plan & quota."
)


def queue(work: Work, tellings: Sequence[Telling]) -> None:
    """Write one delivery for each; a webhook that was triggered too often is called no more."""
    there = queries.still_there(work, [telling.webhook_id for telling in tellings])
    tellings = [telling for telling in tellings if telling.webhook_id in there]
    if not tellings:
        return
    counted = queries.triggers(work, [telling.webhook_id for telling in tellings])
    beyond = [one for one in tellings if one.most and counted[one.webhook_id] >= one.most]
    _write(work, [one for one in tellings if one not in beyond], Origin.FACT)
    if beyond:
        _refuse(work, beyond)


def _refuse(work: Work, tellings: Sequence[Telling]) -> None:
    """Let the owners read what was not sent: the first thing in 24 hours, which stands for more."""
    told = queries.refusals(work, [telling.webhook_id for telling in tellings])
    for telling in tellings:
        webhook = queries.by_id(work, telling.webhook_id)
        if told[telling.webhook_id] or webhook is None:
            continue
        refused = {"state": State.REFUSED.value, "due_at": None}
        queries.insert_deliveries(work, [_row(work, telling, Origin.FACT) | refused])
        # Whoever triggered it learns nothing of webhooks, and its owner nothing of whoever did.
        alone = replace(work, actor=SYSTEM, origin=Asker(work.origin.base_url))
        record(
            alone,
            "quota.exceeded",
            target=webhook.key,
            detail={"webhook": webhook.key, "triggers": telling.most},
            whose=Whose(webhook.owner_id, webhook.owner_id),
        )


def queue_now(work: Work, webhook: Webhook, telling: Telling, origin: Origin) -> None:
    """Write a delivery that its owner asked for; it is tried even while the webhook pauses.

    Raises:
        TooMany: the webhook was triggered as often as it may be.
    """
    counted = queries.triggers(work, [webhook.id])[webhook.id]
    if telling.most and counted >= telling.most:
        message = MOST_TRIGGERS.format(has=counted, most=telling.most)
        raise TooMany(message, retry_after_s=3600)
    queries.update(work, webhook.id, paused_until=None)
    _write(work, [telling], origin)


def wake_at(work: Work, webhook_id: int, moment: datetime | None) -> None:
    """Have the queue of a webhook looked at, now or later."""
    after = max((moment or work.now) - work.now, timedelta(0))
    enqueue_row(work, JOB, {"webhook_id": webhook_id}, key=f"{JOB}:{webhook_id}", after=after)


def triggers_today(call: Call, webhooks: Sequence[Webhook]) -> dict[int, int]:
    """How often each webhook was triggered in the last 24 hours, by its id."""
    return queries.triggers(call, [webhook.id for webhook in webhooks])


def _write(work: Work, tellings: Sequence[Telling], origin: Origin) -> None:
    if not tellings:
        return
    rows = [_row(work, telling, origin) for telling in tellings]
    queries.insert_deliveries(work, rows)
    for row in rows:
        body = {"webhook_id": row["webhook_id"]}
        enqueue_row(work, JOB, body, key=f"{JOB}:{row['webhook_id']}:{row['key']}")


def _row(work: Work, telling: Telling, origin: Origin) -> dict[str, object]:
    return {
        "key": fresh_key(),
        "webhook_id": telling.webhook_id,
        "origin": origin.value,
        "event": telling.event,
        "repo_id": telling.repo_id,
        "private": telling.private,
        "payload": telling.payload,
        "created_at": work.now,
        "state": State.WAITING.value,
        "due_at": work.now,
    }
