"""How many connections a serving process holds, and how many of them from one place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from strata.accounts.limits import address_of


class Seated(Protocol):
    """A connection."""

    @property
    def idle(self) -> bool: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Room:
    """The connections of one process."""

    most: int
    most_of_one: int
    seated: set[Seated] = field(default_factory=set)
    _places: Counter[str] = field(default_factory=Counter)

    def enter(self, guest: Seated, address: str) -> bool:
        """Let a connection in, if there is room."""
        place = address_of(address)
        if len(self.seated) >= self.most or self._places[place] >= self.most_of_one:
            return False
        self.seated.add(guest)
        self._places[place] += 1
        return True

    def leave(self, guest: Seated, address: str) -> None:
        """Forget a connection; one that was not let in is not known."""
        if guest not in self.seated:
            return
        self.seated.discard(guest)
        place = address_of(address)
        self._places[place] -= 1
        if not self._places[place]:
            del self._places[place]
