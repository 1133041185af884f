"""Housekeeping of the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from strata.accounts import limits
from strata.accounts.entering import browsers, reset, sessions
from strata.accounts.joining import unconfirmed
from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TidyAccounts:
    """Remove what is over: sessions, counters, unconfirmed accounts; queues itself again."""

    kind: ClassVar[str] = "accounts.tidy"

    def run(self, call: Call) -> None:
        with working(call) as work:
            sessions.forget_expired(work)
            reset.forget_expired(work)
            browsers.forget_old(work)
            limits.forget_old(work)
            unconfirmed.tell(work)
            unconfirmed.remove(work)
            enqueue(work, self, after=EVERY)


def begin_tidying(work: Work) -> None:
    """Queue the first round; call it at every start, a waiting one is not queued twice."""
    enqueue(work, TidyAccounts())
