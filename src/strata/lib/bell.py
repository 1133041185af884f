"""Wake several threads that wait for the same news."""

from __future__ import annotations

import threading


class Bell:
    """Whoever has an ear on it is woken by each ring, also by one that came while it was busy."""

    def __init__(self) -> None:
        self._ears: list[threading.Event] = []

    def ear(self) -> threading.Event:
        """An event for one waiting thread, which clears it for itself alone."""
        mine = threading.Event()
        self._ears.append(mine)
        return mine

    def ring(self) -> None:
        for ear in self._ears:
            ear.set()
