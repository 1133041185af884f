"""Collaborators and invitations as doors see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from strata.core.actor import Role
from strata.core.names import RepoId
from strata.repos.record import Repo

ROLES: Final = (Role.READ, Role.WRITE, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Collaborator:
    """Somebody who works on a repo, as those see them who decide."""

    user_id: int
    public_id: str  # 24 hex
    name: str
    full_name: str
    role: Role
    added_at: datetime
    added_by: str | None  # name; None: an account that is gone


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation that can still be used."""

    key: str  # 24 hex
    repo: Repo
    inviter_id: int
    inviter: str  # name
    user_id: int | None  # for this account; None: for whoever has the address
    invitee: str  # name of that account, or empty
    email: str | None
    email_key: str | None
    role: Role
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Collaboration:
    """A repo on which somebody works, as they see it."""

    repo_id: RepoId
    private: bool
    role: Role
    added_at: datetime


class Fit(StrEnum):
    """What stands between somebody and an invitation."""

    READY = "ready"
    MEMBER = "member"  # they work on the repo already, or it is theirs
    OTHER = "other"  # it is for another account, or an address that is not theirs
    FACTOR = "factor"  # the organisation wants a second factor
