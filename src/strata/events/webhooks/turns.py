"""One thread at a time calls a webhook, in this process or another.

The job queue alone does not promise that. A webhook whose target stalls would then occupy every
thread, one a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from strata.core.call import Call, Work, working
from strata.events.jobs import Later
from strata.events.webhooks import queries
from strata.events.webhooks.deliveries import wake_at

LONGEST_TURN = timedelta(seconds=60)  # after this others come first
SPARE = timedelta(seconds=60)  # names may be slow to resolve, and databases to answer


@contextmanager
def turn(call: Call, webhook_id: int) -> Iterator[bool]:
    """Take the turn to call a webhook; at the end the next look at its queue is arranged.

    Gives False when the webhook is gone or disabled.

    Raises:
        Later: its target is given a rest, or it is somebody else's turn.
    """
    with working(call) as work:
        taken = _taken(work, webhook_id)
    if not taken:
        yield False
        return
    try:
        yield True
    except Exception:  # the queue tries this job again, with growing pauses
        with working(call) as work:
            queries.update(work, webhook_id, taken_until=None)
        raise
    with working(call) as work:
        _end(work, webhook_id)


def _taken(work: Work, webhook_id: int) -> bool:
    webhook = queries.by_id(work, webhook_id)
    if webhook is None or webhook.disabled_at is not None:
        return False
    if not webhook.called_at(work.now):
        raise _later(work, webhook.paused_until)
    if not queries.take(work, webhook_id, work.now + _lease(work)):
        raise _later(work, queries.taken_until(work, webhook_id))
    return True


def _lease(work: Work) -> timedelta:
    """After this a turn whose process died is over."""
    return LONGEST_TURN + timedelta(seconds=work.hub.settings.webhooks.timeout_s) + SPARE


def _later(work: Work, moment: datetime | None) -> Later:
    return Later(max((moment or work.now) - work.now, timedelta(0)))


def _end(work: Work, webhook_id: int) -> None:
    queries.update(work, webhook_id, taken_until=None)
    due = queries.next_due(work, webhook_id)
    if due is not None:
        wake_at(work, webhook_id, due)
