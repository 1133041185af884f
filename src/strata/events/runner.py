"""The thread that drains the job queue inside a serving process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import structlog

from strata.core.call import reading
from strata.core.hub import Hub
from strata.events.jobs import Job, next_due, run_due

# Another process may write a job without waking this one, so the queue is looked at this often.
LONGEST_SLEEP = timedelta(seconds=2)
SHORTEST_SLEEP = timedelta(milliseconds=50)

log = structlog.get_logger("strata.jobs")


class JobRunner:
    """Runs due jobs until it is stopped; a failing database is waited out."""

    def __init__(self, hub: Hub, registry: Mapping[str, type[Job]]) -> None:
        self._hub = hub
        self._registry = registry
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the job at hand and end."""
        self._stopping.set()
        self._hub.job_written.set()
        self._thread.join(timeout=30)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                run_due(self._hub, self._registry)
                pause = self._pause()
            except Exception:  # the database may be away for a while
                log.exception("job queue is out of reach")
                pause = LONGEST_SLEEP
            self._hub.job_written.wait(pause.total_seconds())
            self._hub.job_written.clear()

    def _pause(self) -> timedelta:
        with reading(self._hub) as call:
            due = next_due(call)
            if due is None:
                return LONGEST_SLEEP
            return max(SHORTEST_SLEEP, min(due - call.now, LONGEST_SLEEP))
