"""Who is asking, settled once at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TokenRole(StrEnum):
    """What an access token may do of what its owner may."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The access token a request came with."""

    id: int
    name: str
    role: TokenRole
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or nobody, or the hub itself, and how they proved it."""

    user_id: int | None = None
    name: str | None = None  # canonical casing
    verified: bool = False
    admin: bool = False
    token: TokenFacts | None = None
    session_id: int | None = None
    system: bool = False  # jobs and operator commands

    @property
    def anonymous(self) -> bool:
        return self.user_id is None and not self.system

    @property
    def may_write(self) -> bool:
        """Whether the credentials themselves allow a write."""
        return self.token is None or self.token.role is TokenRole.WRITE


ANONYMOUS = Actor()
SYSTEM = Actor(system=True)
