"""Who is asking, settled once at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TokenRole(StrEnum):
    """What an access token may do of what its owner may."""

    READ = "read"
    WRITE = "write"


class Role(StrEnum):
    """What a member may do in an organisation, from the weakest to the strongest."""

    NO_ACCESS = "no_access"
    READ = "read"
    CONTRIBUTOR = "contributor"  # also creates repos, and changes those
    WRITE = "write"  # also changes every repo
    ADMIN = "admin"  # also moves repos away and manages the members

    def reaches(self, needed: Role) -> bool:
        """Whether this role includes what `needed` allows."""
        return _STRENGTH[self] >= _STRENGTH[needed]


_STRENGTH: Mapping[Role, int] = {role: strength for strength, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The access token a request came with."""

    id: int
    name: str
    role: TokenRole
    created_at: datetime
    stamp: str = ""  # the beginning of its digest: another one after a refresh


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
    # Role by the id of the organisation; what they open is decided by `access.policy` alone.
    roles: Mapping[int, Role] = field(default_factory=dict, hash=False)

    @property
    def anonymous(self) -> bool:
        return self.user_id is None and not self.system

    @property
    def may_write(self) -> bool:
        """Whether the credentials themselves allow a write."""
        return self.token is None or self.token.role is TokenRole.WRITE


ANONYMOUS = Actor()
SYSTEM = Actor(system=True)
