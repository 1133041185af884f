"""One thread at a time calls a webhook, in this process or another.

The job queue alone does not promise that: a job that is queued again while it runs is taken by the
next free thread. A webhook whose target stalls would then occupy every thread, one a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from strata.core.call import Call, Work, working
from strata.events.webhooks import queries
from strata.events.webhooks.deliveries import wake_at

LONGEST_TURN = timedelta(seconds=60)  # after this others come first
LEASE = timedelta(minutes=3)  # after this a turn whose process died is over


@contextmanager
def turn(call: Call, webhook_id: int) -> Iterator[bool]:
    """Take the turn to call a webhook; at the end the next look at its queue is arranged.

    Gives False when there is nothing to do now: the webhook is gone, disabled, pausing, or it is
    somebody else's turn. The last two are looked at again when they are over.
    """
    with working(call) as work:
        taken = _taken(work, webhook_id)
    if not taken:
        yield False
        return
    try:
        yield True
    finally:
        with working(call) as work:
            _end(work, webhook_id)


def _taken(work: Work, webhook_id: int) -> bool:
    webhook = queries.by_id(work, webhook_id)
    if webhook is None or webhook.disabled_at is not None:
        return False
    if not webhook.called_at(work.now):
        wake_at(work, webhook_id, webhook.paused_until)
        return False
    if not queries.take(work, webhook_id, work.now + LEASE):
        wake_at(work, webhook_id, queries.taken_until(work, webhook_id))
        return False
    return True


def _end(work: Work, webhook_id: int) -> None:
    queries.update(work, webhook_id, taken_until=None)
    due = queries.next_due(work, webhook_id)
    if due is not None:
        wake_at(work, webhook_id, due)
