"""How few places are shared among many names, some of which may never let go of theirs."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

REMEMBERED: Final = 10_000  # names


class Turns:
    """Counts what is going on in this process, by name, and remembers who let go in time.

    A name that did gets all places but one. One that is not known yet gets one, one that did not
    shares one with all of its kind; both kinds together leave a place free, so that however many
    they are, the others go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going_on: Counter[str] = Counter()
        self._prompt: OrderedDict[str, bool] = OrderedDict()  # the last that was noted is the last

    @contextmanager
    def turn(self, name: str, places: int) -> Iterator[bool]:
        """Take one of the places; False when it has to wait."""
        with self._lock:
            taken = self._may(name, max(1, places - 1))
            self._going_on[name] += taken
        try:
            yield taken
        finally:
            with self._lock:
                self._going_on[name] -= taken
                if not self._going_on[name]:
                    del self._going_on[name]

    def note(self, name: str, *, prompt: bool) -> None:
        """Remember whether a turn ended by itself, or had to be ended."""
        with self._lock:
            self._prompt[name] = prompt
            self._prompt.move_to_end(name)
            if len(self._prompt) > REMEMBERED:
                self._prompt.popitem(last=False)

    def is_slow(self, name: str) -> bool:
        """Whether its last turn had to be ended."""
        with self._lock:
            return self._prompt.get(name) is False

    def _may(self, name: str, most: int) -> bool:
        known = self._prompt.get(name)
        if known:
            return self._going_on[name] < most
        doubtful = {one: n for one, n in self._going_on.items() if not self._prompt.get(one)}
        rivals = [one for one in doubtful if one == name or known is self._prompt.get(one) is False]
        return not rivals and sum(doubtful.values()) < most
