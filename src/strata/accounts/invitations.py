"""What invitations to one person have in common, whatever they invite to.

They name an account, or an address; an address is written to whether or not it belongs to an
account, so that nobody learns that. The link holds a secret of which only the digest is kept. What
an invitation opens, who may send it and whether it still holds, the room that sends it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import addresses, links
from strata.accounts.notices.choices import Kind, wants_mail
from strata.accounts.notices.times import held_for
from strata.accounts.notices.unsubscribing import address as unsubscribe_address
from strata.accounts.standing import is_shown
from strata.accounts.tables import emails, users
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.events.letters import Reader
from strata.events.outbox import Letter, post

LIFE: Final = timedelta(days=7)
A_DAY: Final = 24 * 60  # minutes
GONE: Final = "This invitation does not work: it is over, was used or taken back, or never was."


class Refused(InvalidFields):
    """Somebody cannot be invited."""

    def __init__(self, rule: str, name: str = "") -> None:
        super().__init__({"who": (rule,)})
        self.name = name  # as typed


@dataclass(frozen=True, slots=True)
class Sort:
    """What tells invitations to one sort of thing from others."""

    name: str  # of what is counted
    secret: str  # what the digest of a link is for
    sent_per_day: int  # by one person, wherever
    taken_per_day: int  # by one account or address, from whomever


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an invitation is for."""

    reader: Reader
    user_id: int | None = None
    email: str | None = None
    email_key: str | None = None

    @property
    def by(self) -> str:
        """How they were named, for facts."""
        return "email" if self.user_id is None else "account"


def target(work: Work, typed: str) -> Target:
    """Whom somebody means by the name of an account, or by an address.

    Raises:
        Refused: nobody (`invite.unknown`).
    """
    if "@" in typed:
        found = addresses.parse(typed)
        if found is None:
            raise Refused("invite.unknown", typed)
        reader = Reader(found.text, found.text, _language_at(work, found.key))
        return Target(reader, email=found.text, email_key=found.key)
    person = people.by_name(work, typed)
    if person is None or not is_shown(work, person):
        raise Refused("invite.unknown", typed)
    return Target(people.reader(person), user_id=person.id)


def count(work: Work, sort: Sort, whom: Target) -> None:
    """Count an invitation, for who sends and for who gets it.

    Raises:
        TooMany: more in a day than one person may send, or one mailbox is to get.
    """
    sent = f"{sort.name}.invites:{work.actor.user_id}"
    taken = f"{sort.name}.invited:{whom.user_id or whom.email_key}"
    limits.count(
        work,
        limits.Limit(sent, sort.sent_per_day, A_DAY),
        limits.Limit(taken, sort.taken_per_day, A_DAY),
    )


def digest_of(call: Call, sort: Sort, token: str) -> str:
    """Under what a token is kept."""
    return links.digest(call.hub, sort.secret, token)


def columns(work: Work, whom: Target | None, role: Role, life: timedelta) -> dict[str, object]:
    """What every table of invitations keeps of one, but for its digest; nobody named: a link."""
    return {
        "inviter_id": work.actor.user_id,
        "user_id": whom.user_id if whom else None,
        "email": whom.email if whom else None,
        "email_key": whom.email_key if whom else None,
        "role": role.value,
        "created_at": work.now,
        "expires_at": work.now + life,
    }


def sent_to(invites: sa.Table, whom: Target) -> sa.ColumnElement[bool]:
    """The condition on invitations that name the same person in the same way."""
    if whom.email_key is None:
        return invites.c.user_id == whom.user_id
    return invites.c.email_key == whom.email_key


def meant_for(invites: sa.Table, user_id: int) -> sa.ColumnElement[bool]:
    """The condition on those that name an account, or one of its confirmed addresses."""
    mine = sa.select(emails.c.key).where(emails.c.user_id == user_id)
    return sa.or_(invites.c.user_id == user_id, invites.c.email_key.in_(mine))


def has_address(call: Call, person: people.User, key: str) -> bool:
    """Whether an address is a person's own, by proof."""
    return confirmed.owner_id(call, key) == person.id


def write(work: Work, whom: Target, worded: Callable[[Reader, str], Letter]) -> None:
    """Write to who is invited; an account that wants no such mails finds it on its pages.

    Args:
        worded: the letter, to a reader who can unsubscribe at an address; empty: none can.
    """
    user_id = whom.user_id
    if user_id is None:
        post(work, worded(whom.reader, ""))
    elif wants_mail(work, Kind.INVITATION, user_id):
        stop = unsubscribe_address(work, user_id, [Kind.INVITATION])
        post(work, worded(whom.reader, stop), after=held_for(work, user_id))


def tell_inviter(work: Work, inviter_id: int | None, worded: Callable[[Reader], Letter]) -> None:
    """Write to whoever invited what came of it; an operator, and who is gone, hears nothing."""
    inviter = people.by_id(work, inviter_id) if inviter_id else None
    if inviter is not None:
        post(work, worded(people.reader(inviter)))


def _language_at(work: Work, key: str) -> str:
    """The language of who has an address; of the inviter, where nobody here has."""
    theirs = sa.select(users.c.language).join(emails, emails.c.user_id == users.c.id)
    found: str | None = work.db.scalar(theirs.where(emails.c.key == key))
    return found or work.origin.language
