"""What the policy needs to know of a thing; whatever looks like this is decided about."""

from __future__ import annotations

from enum import Enum, auto
from typing import Literal, Protocol

Gate = Literal["auto", "manual"]  # who asks is let in at once, or waits for a decision


class Thing(Enum):
    """What grants name one by one."""

    REPO = auto()
    COLLECTION = auto()


class Governed(Protocol):
    """What the policy needs to know of a repo, or of a collection."""

    @property
    def id(self) -> int: ...
    @property
    def thing(self) -> Thing: ...
    @property
    def owner_id(self) -> int: ...
    @property
    def created_by(self) -> int | None: ...
    @property
    def private(self) -> bool: ...
    @property
    def disabled(self) -> bool: ...
    @property
    def gated(self) -> Gate | None: ...
    @property
    def gate_members(self) -> bool: ...


class Membered(Protocol):
    """What the policy needs to know of an organisation."""

    @property
    def id(self) -> int: ...
    @property
    def members_hidden(self) -> bool: ...
