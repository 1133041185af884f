"""What people of the inbox wait to be mailed about; whoever writes the mails asks here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.community.inbox import entries, queries
from strata.community.inbox.record import Notification, Until
from strata.community.inbox.tables import notifications
from strata.core.call import Call, Work
from strata.organizations.collaborators.shares import stand_in

MOST_OF_ONE: Final = 100  # that one mail tells of


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a mail."""

    user_id: int
    since: datetime  # when the first of it happened


def waiting(call: Call, until: Until, limit: int, *, after: int = 0) -> list[Waiting]:
    """People who wait for a mail, in the order of their ids.

    Args:
        limit: how many people; go on with the last one's id as `after`, so that people whose mails
            have to wait longer hold up nobody.
    """
    return [Waiting(*row) for row in queries.people_due(call, until, after=after, limit=limit)]


def due(work: Work, user_id: int, until: Until) -> list[Notification]:
    """What one person waits for, oldest first, as far as they may still know of it.

    Nothing for who has left, or is kept out of their account. Until the transaction ends, nobody
    else takes any of it, and news of it waits.
    """
    held = sa.select(notifications.c.id).where(
        notifications.c.user_id == user_id, notifications.c.mail_due
    )
    work.db.execute(held.with_for_update())
    account = people.by_id(work, user_id)
    if account is None or not standing.is_shown(work, account):
        return []
    person = stand_in(work, user_id)
    return queries.due(replace(work, actor=person), user_id, until, MOST_OF_ONE)


def claim(work: Work, ids: Sequence[int]) -> None:
    """Take what is mailed, in the transaction that writes the mail: each piece of news once."""
    entries.change(work, notifications.c.id.in_(list(ids)), mail_due=False)


def settle(work: Work, user_id: int, until: Until) -> None:
    """Note that nothing of one person is due any more: they may not know of it, or left."""
    mine = notifications.c.user_id == user_id
    entries.change(work, mine & queries.is_due(until), mail_due=False)
