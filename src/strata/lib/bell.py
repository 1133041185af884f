"""Wake those threads that wait for the news at hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection


class Bell:
    """Whoever has an ear on it is woken by what it listens for, also while it was busy."""

    def __init__(self) -> None:
        self._ears: list[tuple[Callable[[str], bool], threading.Event]] = []

    def ear(self, listens_for: Callable[[str], bool]) -> threading.Event:
        """An event for one waiting thread, which clears it for itself alone."""
        mine = threading.Event()
        self._ears.append((listens_for, mine))
        return mine

    def ring(self, news: Collection[str]) -> None:
        for listens_for, ear in self._ears:
            if any(map(listens_for, news)):
                ear.set()
