"""What people do with their notifications: read, set aside, done with, muted.

Each statement names the person, so nothing here touches a row of anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from strata.access.policy.persons import require_writer
from strata.community.inbox import entries, queries
from strata.community.inbox.record import Filter, Topic
from strata.community.inbox.tables import notifications
from strata.core.call import Work
from strata.core.errors import Malformed
from strata.core.permissions import Permission

MOST_AT_ONCE: Final = 500  # that are named one by one
_ACT: Final = "change notifications"


class Act(StrEnum):
    """What becomes of a notification."""

    READ = "read"
    UNREAD = "unread"
    DONE = "done"  # off the list, until there is more news
    MUTE = "mute"  # and no more news of the discussion, unless somebody names the person
    UNMUTE = "unmute"


_READ: Final = {"unread": False, "mail_due": False}
_VALUES: Final[Mapping[Act, Mapping[str, object]]] = {
    Act.READ: _READ,
    Act.UNREAD: {"unread": True},
    Act.DONE: {"done": True, **_READ},
    Act.MUTE: {"muted": True, "done": True, **_READ},
    Act.UNMUTE: {"muted": False},
}
_LISTED: Final = sa.and_(notifications.c.shown, sa.not_(notifications.c.done))
_DISCUSSIONS: Final = notifications.c.topic == Topic.DISCUSSION.value
_WHERE: Final = {
    Act.READ: notifications.c.unread,
    Act.UNREAD: _LISTED,
    Act.MUTE: _DISCUSSIONS,
    Act.UNMUTE: notifications.c.muted,
}


def act_on(work: Work, act: Act, ids: Sequence[int]) -> int:
    """Do something with some of the caller's notifications; with how many it was done.

    Ids of what the caller does not have, and what cannot be muted, are passed over.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        Malformed: more than `MOST_AT_ONCE`.
    """
    user_id = require_writer(work.actor, _ACT, Permission.SETTINGS_WRITE)
    _require_few(ids)
    return _change(work, act, queries.those(user_id, ids))


def act_on_all(work: Work, act: Act, wanted: Filter) -> int:
    """The same with everything that a filter lets through.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
    """
    user_id = require_writer(work.actor, _ACT, Permission.SETTINGS_WRITE)
    those = queries.ids(work.actor, user_id, wanted)
    return _change(work, act, notifications.c.id.in_(those))


def act_on_discussions(work: Work, act: Act, keys: Sequence[str]) -> int:
    """The same with the caller's notifications of some discussions.

    Args:
        keys: 24 hex each.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        Malformed: more than `MOST_AT_ONCE`.
    """
    user_id = require_writer(work.actor, _ACT, Permission.SETTINGS_WRITE)
    _require_few(keys)
    threads = [f"{Topic.DISCUSSION}:{key}" for key in keys if "\0" not in key]
    mine = sa.and_(notifications.c.user_id == user_id, notifications.c.thread.in_(threads))
    return _change(work, act, mine)


def _change(work: Work, act: Act, rows: sa.ColumnElement[bool]) -> int:
    return entries.change(work, sa.and_(rows, _WHERE.get(act, sa.true())), **_VALUES[act])


def _require_few(named: Sequence[object]) -> None:
    if len(named) > MOST_AT_ONCE:
        raise Malformed(f"Name at most {MOST_AT_ONCE} notifications at once.")
