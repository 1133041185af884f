"""What people of the inbox wait to be mailed about; whoever writes the mails asks here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from strata.accounts import people, standing
from strata.community.inbox import entries, queries
from strata.community.inbox.record import Notification
from strata.community.inbox.tables import notifications
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.organizations.roles import roles_of

MOST_OF_ONE: Final = 100  # that one mail tells of


@dataclass(frozen=True, slots=True)
class Due:
    """What one person waits for, oldest first, as far as they may still know of it."""

    user_id: int
    notifications: tuple[Notification, ...]


def due(call: Call, before: datetime, limit: int, *, after: int = 0) -> list[Due]:
    """Read what is due, grouped by person.

    Args:
        before: what happened at this moment or earlier.
        limit: how many people; go on with the last one's id as `after`, so that people whose mails
            have to wait longer hold up nobody.
    """
    waiting = queries.people_due(call, before, after=after, limit=limit)
    return [Due(user_id, tuple(_of(call, user_id, before))) for user_id in waiting]


def mailed(work: Work, ids: Sequence[int]) -> None:
    """Note that these were mailed: nothing more is due for them until there is more news."""
    entries.change(work, notifications.c.id.in_(list(ids)), mail_due=False)


def settle(work: Work, user_id: int, before: datetime) -> None:
    """Note that nothing of one person is due any more: they may not know of it, or left."""
    mine = (notifications.c.user_id == user_id) & notifications.c.mail_due
    entries.change(work, mine & (notifications.c.at <= before), mail_due=False)


def _of(call: Call, user_id: int, before: datetime) -> list[Notification]:
    account = people.by_id(call, user_id)
    if account is None or not standing.is_shown(call, account):
        return []
    person = Actor(user_id=user_id, verified=True, roles=roles_of(call, user_id))
    return queries.due(replace(call, actor=person), user_id, before, MOST_OF_ONE)
