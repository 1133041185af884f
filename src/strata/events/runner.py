"""The threads that drain the job queue inside a serving process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import structlog

from strata.core.call import reading
from strata.core.hub import Hub
from strata.events.jobs import EVERY_KIND, Job, Lane, next_due, run_due

# Another process may write a job without waking this one, so the queue is looked at this often.
LONGEST_SLEEP = timedelta(seconds=2)
SHORTEST_SLEEP = timedelta(milliseconds=50)

log = structlog.get_logger("strata.jobs")


class JobRunner:
    """Runs the due jobs of one lane until it is stopped; a failing database is waited out.

    Args:
        threads: jobs of the lane that run at once.
        breath: how long to wait after a job was written, for others that the same run covers.
    """

    def __init__(
        self,
        hub: Hub,
        registry: Mapping[str, type[Job]],
        lane: Lane = EVERY_KIND,
        *,
        threads: int = 1,
        breath: timedelta = timedelta(0),
    ) -> None:
        self._hub = hub
        self._registry = registry
        self._lane = lane
        self._breath = breath.total_seconds()
        self._stopping = threading.Event()
        self._ears = [hub.job_written.ear(lane.includes) for _ in range(threads)]
        self._threads = [
            threading.Thread(target=self._loop, args=(ear,), name=f"jobs-{number}", daemon=True)
            for number, ear in enumerate(self._ears)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the jobs at hand and end."""
        self._stopping.set()
        for ear in self._ears:
            ear.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _loop(self, woken: threading.Event) -> None:
        while not self._stopping.is_set():
            woken.clear()
            try:
                run_due(self._hub, self._registry, self._lane)
                pause = self._pause()
            except Exception:  # the database may be away for a while
                log.exception("job queue is out of reach")
                pause = LONGEST_SLEEP
            if woken.wait(pause.total_seconds()):
                self._stopping.wait(self._breath)

    def _pause(self) -> timedelta:
        with reading(self._hub) as call:
            due = next_due(call, self._lane)
            if due is None:
                return LONGEST_SLEEP
            return max(SHORTEST_SLEEP, min(due - call.now, LONGEST_SLEEP))
