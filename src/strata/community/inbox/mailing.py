"""What people of the inbox wait to be mailed about; whoever writes the mails asks here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.community.inbox import entries, queries
from strata.community.inbox.record import Notification
from strata.community.inbox.tables import notifications
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.organizations.roles import roles_of

MOST_OF_ONE: Final = 100  # that one mail tells of


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a mail."""

    user_id: int
    since: datetime  # when the oldest of it happened


def waiting(call: Call, before: datetime, limit: int, *, after: int = 0) -> list[Waiting]:
    """People who wait for a mail, in the order of their ids.

    Args:
        before: what happened at this moment or earlier.
        limit: how many people; go on with the last one's id as `after`, so that people whose mails
            have to wait longer hold up nobody.
    """
    return [Waiting(*row) for row in queries.people_due(call, before, after=after, limit=limit)]


def due(call: Call, user_id: int, before: datetime) -> list[Notification]:
    """What one person waits for, oldest first, as far as they may still know of it.

    Nothing for who has left, or is kept out of their account.
    """
    account = people.by_id(call, user_id)
    if account is None or not standing.is_shown(call, account):
        return []
    person = Actor(user_id=user_id, verified=True, roles=roles_of(call, user_id))
    return queries.due(replace(call, actor=person), user_id, before, MOST_OF_ONE)


def claim(work: Work, ids: Sequence[int], before: datetime) -> frozenset[int]:
    """Take what is to be mailed, in the transaction that writes the mail.

    What somebody else took meanwhile, and what has newer news by now, is not among the result: each
    piece of news is mailed once.
    """
    taken = (
        sa.update(notifications)
        .where(
            notifications.c.id.in_(list(ids)),
            notifications.c.mail_due,
            notifications.c.at <= before,
        )
        .values(mail_due=False)
        .returning(notifications.c.id)
    )
    return frozenset(work.db.scalars(taken))


def settle(work: Work, user_id: int, before: datetime) -> None:
    """Note that nothing of one person is due any more: they may not know of it, or left."""
    mine = (notifications.c.user_id == user_id) & notifications.c.mail_due
    entries.change(work, mine & (notifications.c.at <= before), mail_due=False)
