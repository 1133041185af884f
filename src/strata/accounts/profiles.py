"""What is known of an account: all of it for its owner, little of it for others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strata.accounts import people, standing
from strata.accounts.confirmed import trouble_with
from strata.accounts.mailboxes import addresses
from strata.core.actor import Standing
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.events.mails.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Person:
    """An account as its owner sees it: `whoami-v2` and the settings pages."""

    id: int
    public_id: str  # 24 hex
    name: str
    full_name: str
    email: str
    masked_email: str  # for pages that others may look at over the shoulder
    verified: bool
    admin: bool
    language: str
    created_at: datetime
    avatar_path: str
    leaving_on: datetime | None  # when the account is deleted, as its owner asked
    trouble: Trouble | None  # its primary address takes no mail


@dataclass(frozen=True, slots=True)
class PublicProfile:
    """What everybody may know of a person."""

    id: int
    public_id: str  # 24 hex
    name: str
    full_name: str
    created_at: datetime
    avatar_path: str


def person(call: Call, user_id: int) -> Person:
    """An account with all that its owner may know; the door asks for the caller's own.

    Raises:
        NotFound: there is no such account.
    """
    user = people.by_id(call, user_id)
    if user is None:
        raise NotFound("There is no such account.")
    return Person(
        id=user.id,
        public_id=user.public_id,
        name=user.name,
        full_name=user.full_name,
        email=user.email,
        masked_email=addresses.masked(user.email),
        verified=user.verified_at is not None,
        admin=user.admin,
        language=user.language,
        created_at=user.created_at,
        avatar_path=avatar_path(user.public_id),
        leaving_on=user.standing_until if user.standing == Standing.LEAVING else None,
        trouble=trouble_with(call, user.email, since=user.created_at),
    )


def public_profile(call: Call, name: str) -> PublicProfile | None:
    """Somebody's profile by name in any casing; None for who is not shown, but to themselves."""
    user = people.by_name(call, name)
    if user is None or not (user.id == call.actor.user_id or standing.is_shown(call, user)):
        return None
    return PublicProfile(
        id=user.id,
        public_id=user.public_id,
        name=user.name,
        full_name=user.full_name,
        created_at=user.created_at,
        avatar_path=avatar_path(user.public_id),
    )


def avatar_path(public_id: str) -> str:
    """Where the picture of an account is served, below the hub's own address."""
    return f"/avatars/{public_id}.svg"
