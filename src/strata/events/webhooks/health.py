"""What follows from an attempt: done, tried again later, given up, the webhook disabled.

A delivery is tried eight times within a day. A target that does not answer at all pauses its whole
webhook, so that a thousand waiting deliveries cost one time-out an hour. After seven days without a
success the webhook is disabled.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from strata.core.call import Work
from strata.events.webhooks import queries
from strata.events.webhooks.record import Attempt, Delivery, Origin, State, Webhook

PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
LONGEST_SILENCE = timedelta(hours=1)  # between two calls of a target that does not answer
PATIENCE = timedelta(days=7)
FRESH: dict[str, object] = {"failing_since": None, "silences": 0, "paused_until": None}


def noted(
    work: Work, webhook: Webhook, delivery: Delivery, attempt: Attempt, *, blamed: bool = True
) -> bool:
    """Write down an attempt and what follows; true when the webhook is to be disabled.

    Args:
        webhook: as it is now; much may have changed during the attempt.
        blamed: whether a failure is one of its address, which may be another one by now.
    """
    if attempt.succeeded:
        queries.note(work, delivery, attempt, State.DELIVERED, None)
        queries.update(work, webhook.id, **FRESH)
        return False
    again = None if webhook.disabled_at else _again(work, delivery)
    state = State.FAILED if again is None else State.WAITING
    queries.note(work, delivery, attempt, state, again)
    if delivery.origin is not Origin.FACT or not blamed:  # who tries things out breaks nothing
        return False
    _note_failure(work, webhook, attempt)
    tried = work.now - (webhook.failing_since or work.now)
    return webhook.disabled_at is None and tried >= PATIENCE


def disable(work: Work, webhook: Webhook, *, given_up: bool) -> None:
    """Call it no more, and forget what it was still to be told."""
    queries.update(work, webhook.id, disabled_at=work.now, given_up=given_up)
    queries.drop_all(work, webhook.id)


def enable(work: Work, webhook: Webhook) -> None:
    """Begin anew: old failures count no longer, nor what was written while it was disabled."""
    queries.drop_all(work, webhook.id)
    queries.update(work, webhook.id, disabled_at=None, given_up=False, **FRESH)


def _again(work: Work, delivery: Delivery) -> datetime | None:
    """When to try again; only what a fact caused is tried again by itself."""
    if delivery.origin is not Origin.FACT or delivery.attempts >= len(PAUSES):
        return None
    return work.now + PAUSES[delivery.attempts]


def _note_failure(work: Work, webhook: Webhook, attempt: Attempt) -> None:
    since = webhook.failing_since or work.now
    if attempt.status is not None:  # somebody is there
        queries.update(work, webhook.id, failing_since=since, silences=0)
        return
    pause = min(PAUSES[min(webhook.silences, len(PAUSES) - 1)], LONGEST_SILENCE)
    queries.update(
        work,
        webhook.id,
        failing_since=since,
        silences=webhook.silences + 1,
        paused_until=work.now + pause,
    )
