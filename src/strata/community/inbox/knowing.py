"""Which notifications are meant, and which of them a person may still know of.

A person reads of a thread for as long as they may know of it: what was told and became private, was
taken down or deleted since is neither listed nor counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from strata.access.visibility import governed, visible
from strata.community.discussions.tables import discussions
from strata.community.inbox.record import IN_THREAD, Filter, Reason, Show
from strata.community.inbox.tables import notifications
from strata.core.actor import Actor
from strata.repos.queries import path_key
from strata.repos.tables import repos

LISTED: Final = sa.and_(notifications.c.shown, sa.not_(notifications.c.done))


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may know, as conditions on a row of `joined`."""

    sees: sa.ColumnElement[bool]  # the repo
    decides: sa.ColumnElement[bool]  # about what the namespace has
    whole: bool  # also what is about no repo; false for a narrowed token


def joined(rows: sa.FromClause) -> sa.Join:
    """Notifications with the living repo and the discussion that they are about, if any."""
    living = sa.and_(repos.c.id == rows.c.repo_id, repos.c.deleted_at.is_(None))
    thread = discussions.c.id == rows.c.discussion_id
    return rows.outerjoin(repos, living).outerjoin(discussions, thread)


def owner_of(rows: sa.FromClause) -> sa.ColumnElement[int]:
    """The namespace that a row of `joined` belongs to."""
    return sa.func.coalesce(repos.c.owner_id, rows.c.namespace_id)


def known(actor: Actor, rows: sa.FromClause = notifications) -> sa.ColumnElement[bool]:
    """The condition under which somebody may still know of what they were told.

    Args:
        rows: of notifications, joined as in `joined`.
    """
    decides = governed(actor, owner_of(rows))
    return known_with(Rights(visible(actor, repos), decides, actor.grants is None), rows)


def known_with(rights: Rights, rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """The same with rights that stand in parameters."""
    of_repo = sa.and_(repos.c.id.is_not(None), repos.c.disabled.is_(sa.false()), rights.sees)
    no_repo = rows.c.repo_id.is_(None) if rights.whole else sa.false()
    of_thread = sa.and_(discussions.c.id.is_not(None), repos.c.discussions_disabled.is_(sa.false()))
    return sa.and_(
        sa.or_(no_repo, of_repo),
        sa.or_(rows.c.discussion_id.is_(None), of_thread),
        sa.or_(sa.not_(rows.c.for_managers), rights.decides),
    )


def matching(user_id: int, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """What a filter asks of a row of `joined`."""
    conditions = [notifications.c.user_id == user_id]
    if wanted.show is Show.UNREAD or wanted.unread:
        conditions.append(notifications.c.unread)
    if wanted.show is Show.PARTICIPATING:
        conditions.append(notifications.c.reason.in_(sorted(IN_THREAD)))
    if wanted.show is Show.MENTIONS:
        conditions.append(notifications.c.reason == Reason.MENTION.value)
    if wanted.repo is not None:
        key = path_key(wanted.repo).replace("\0", "")
        conditions += [repos.c.type == wanted.repo.type.value, repos.c.path_key == key]
    if wanted.kind is not None:
        conditions.append(repos.c.type == wanted.kind.value)
    if wanted.discussions:
        conditions.append(notifications.c.discussion_id.is_not(None))
    if wanted.since is not None:
        conditions.append(notifications.c.at >= wanted.since)
    return conditions
