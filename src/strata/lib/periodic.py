"""Something done again and again beside the work of a process."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger("strata.periodic")


class Periodic:
    """A thread that calls `act` every so often, and once more when it is stopped."""

    def __init__(self, name: str, every_s: float, act: Callable[[], object]) -> None:
        self._every_s = every_s
        self._act = act
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Do it a last time and end."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _loop(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(self._every_s)
            try:
                self._act()
            except Exception:
                log.exception("periodic work failed", name=self._thread.name)
