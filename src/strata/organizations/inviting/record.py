"""Invitations as rooms and doors see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strata.core.actor import Role


@dataclass(frozen=True, slots=True)
class Invite:
    """One invitation; its token is known to whoever got it, and to nobody else."""

    id: int
    organization_id: int
    inviter_id: int | None  # None: an operator
    user_id: int | None
    email: str | None
    email_key: str | None
    role: Role
    uses_left: int
    created_at: datetime
    expires_at: datetime
    organization: str  # its name
    inviter: str  # the name of the account; empty: an operator
    invitee: str  # the name of the account; empty: for an address, or a link

    @property
    def is_link(self) -> bool:
        """Whether it is for whoever has it."""
        return self.user_id is None and self.email_key is None
