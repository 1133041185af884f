"""The daily word to those who decide about requests that nobody told them of yet.

That is every request where they chose a digest for the repo, and elsewhere those which came too
thick for a letter each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from strata.access.gates import letters
from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue
from strata.repos import queries

LOOKS_EVERY = timedelta(hours=1)
WAITS = timedelta(days=1)  # the oldest request that nobody was told of


@dataclass(frozen=True, slots=True)
class TellOfRequests:
    """Write the digests that are due; queues itself again."""

    kind: ClassVar[str] = "gates.digest"

    def run(self, call: Call) -> None:
        with working(call) as work:
            for repo, number in queries.untold_requests(work, work.now - WAITS):
                letters.tell_of_many(work, repo, number)
            enqueue(work, self, after=LOOKS_EVERY)


def begin_telling(work: Work) -> None:
    """Queue the first round; call it at every start, a waiting one is not queued twice."""
    enqueue(work, TellOfRequests())
