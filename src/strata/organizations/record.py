"""Organisations and members as rooms and doors see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strata.accounts.people import Face
from strata.core.actor import Role


class OrganizationKind(StrEnum):
    """What an organisation says that it is."""

    COMPANY = "company"
    UNIVERSITY = "university"
    LAB = "lab"
    NON_PROFIT = "non-profit"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class Organization:
    """One organisation."""

    id: int
    public_id: str  # 24 hex, `_id` on the wire
    name: str  # canonical casing
    full_name: str
    private_by_default: bool  # what a new repo is when its creator does not say
    members_hidden: bool  # from everybody who is no member
    created_at: datetime
    factor_from: datetime | None = None  # members without a second factor are kept out from then
    kind: str = ""  # an `OrganizationKind`; empty: it does not say


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in an organisation, seen from the person."""

    organization: Organization
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in an organisation, seen from the organisation."""

    face: Face
    role: Role
    joined_at: datetime
    has_factor: bool  # beside the password
