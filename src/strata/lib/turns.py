"""How many of a kind go on at once within this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Counts what is going on, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going_on: Counter[str] = Counter()

    @contextmanager
    def turn(self, name: str, most: int) -> Iterator[bool]:
        """Take one of `most` turns of this name; False when all are taken."""
        with self._lock:
            taken = self._going_on[name] < most
            self._going_on[name] += taken
        try:
            yield taken
        finally:
            with self._lock:
                self._going_on[name] -= taken
                if not self._going_on[name]:
                    del self._going_on[name]
