"""The SQL that reads notifications; `entries.py` has the SQL that writes them.

A person reads of a thread for as long as they may know of it: what was told and became private, was
taken down or deleted since is neither listed nor counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.access.visibility import governed, visible
from strata.accounts.tables import namespaces
from strata.community.discussions.entries import COMMENT
from strata.community.discussions.tables import discussion_events, discussions
from strata.community.inbox.record import (
    IN_THREAD,
    Filter,
    Notification,
    Place,
    Reason,
    Show,
    Thread,
    Topic,
)
from strata.community.inbox.tables import notifications
from strata.core.actor import Actor
from strata.core.call import Call
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page, Window, page_down
from strata.repos import queries as repo_queries
from strata.repos.tables import repos

MOST_COUNTED: Final = 100  # for the badge; more are "99+"
_LISTED = sa.and_(notifications.c.shown, sa.not_(notifications.c.done))


def unread(call: Call, user_id: int) -> int:
    """How many unread notifications somebody has, at most `MOST_COUNTED`.

    It is asked for every page: one statement over the index of what is unread, and no further.
    """
    newest = (
        sa.select(*(notifications.c[name] for name in _TOLD_BY))
        .where(notifications.c.user_id == user_id, notifications.c.unread)
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = sa.select(sa.func.count()).select_from(_joined(newest))
    return int(call.db.scalar(counted.where(known(call.actor, newest))) or 0)


_TOLD_BY: Final = ("repo_id", "discussion_id", "namespace_id", "for_managers")


def known(actor: Actor, rows: sa.FromClause = notifications) -> sa.ColumnElement[bool]:
    """The condition under which somebody may still know of what they were told.

    Args:
        rows: of notifications, joined as in `_joined`.
    """
    of_repo = sa.and_(
        repos.c.id.is_not(None), repos.c.disabled.is_(sa.false()), visible(actor, repos)
    )
    no_repo = rows.c.repo_id.is_(None) if actor.grants is None else sa.false()
    of_thread = sa.and_(discussions.c.id.is_not(None), repos.c.discussions_disabled.is_(sa.false()))
    owner = sa.func.coalesce(repos.c.owner_id, rows.c.namespace_id)
    return sa.and_(
        sa.or_(no_repo, of_repo),
        sa.or_(rows.c.discussion_id.is_(None), of_thread),
        sa.or_(sa.not_(rows.c.for_managers), governed(actor, owner)),
    )


def _joined(rows: sa.FromClause) -> sa.Join:
    living = sa.and_(repos.c.id == rows.c.repo_id, repos.c.deleted_at.is_(None))
    thread = discussions.c.id == rows.c.discussion_id
    return rows.outerjoin(repos, living).outerjoin(discussions, thread)


def some(call: Call, user_id: int, wanted: Filter, window: Window) -> Page[Notification]:
    """A part of somebody's list, the newest first."""
    statement = _rows(call.actor).where(_LISTED, *matching(user_id, wanted))
    order = (notifications.c.at, notifications.c.id)
    return page_down(call.db, statement, window, order, notification)


def numbered(
    call: Call, user_id: int, wanted: Filter, *, start: int, limit: int
) -> list[Notification]:
    """The same by how many stand before, as the API asks for it."""
    statement = _rows(call.actor).where(_LISTED, *matching(user_id, wanted))
    order = (notifications.c.at.desc(), notifications.c.id.desc())
    rows = call.db.execute(statement.order_by(*order).offset(start).limit(limit))
    return [notification(row) for row in rows]


def one(call: Call, user_id: int, notification_id: int) -> Notification | None:
    """One notification, also one that is done or muted."""
    mine = sa.and_(notifications.c.user_id == user_id, notifications.c.id == notification_id)
    row = call.db.execute(_rows(call.actor).where(mine, notifications.c.shown)).first()
    return notification(row) if row else None


def muted(call: Call, user_id: int, limit: int) -> list[Notification]:
    """The threads that somebody muted, the newest first."""
    mine = sa.and_(notifications.c.user_id == user_id, notifications.c.muted)
    order = (notifications.c.at.desc(), notifications.c.id.desc())
    rows = call.db.execute(_rows(call.actor).where(mine).order_by(*order).limit(limit))
    return [notification(row) for row in rows]


def count(call: Call, user_id: int, wanted: Filter) -> int:
    """How many notifications a filter lets through."""
    statement = sa.select(sa.func.count()).select_from(_joined(notifications))
    mine = sa.and_(known(call.actor), _LISTED, *matching(user_id, wanted))
    return int(call.db.scalar(statement.where(mine)) or 0)


def ids(actor: Actor, user_id: int, wanted: Filter) -> sa.Select[tuple[int]]:
    """The statement of the rows that a filter lets through, for those who change them."""
    statement = sa.select(notifications.c.id).select_from(_joined(notifications))
    return statement.where(known(actor), _LISTED, *matching(user_id, wanted))


def repos_in(call: Call, user_id: int, limit: int) -> list[RepoId]:
    """The repos that somebody's list is about, by name."""
    columns = (repos.c.type, repos.c.namespace, repos.c.name)
    statement = (
        sa.select(*columns)
        .select_from(_joined(notifications))
        .where(known(call.actor), _LISTED, notifications.c.user_id == user_id)
        .where(repos.c.id.is_not(None))
        .distinct()
        .order_by(repos.c.namespace, repos.c.name, repos.c.type)
        .limit(limit)
    )
    return [RepoId(RepoType(row[0]), row[1], row[2]) for row in call.db.execute(statement)]


def matching(user_id: int, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """What a filter asks of a row of `_joined`."""
    conditions = [notifications.c.user_id == user_id]
    if wanted.show is Show.UNREAD or wanted.unread:
        conditions.append(notifications.c.unread)
    if wanted.show is Show.PARTICIPATING:
        conditions.append(notifications.c.reason.in_(sorted(IN_THREAD)))
    if wanted.show is Show.MENTIONS:
        conditions.append(notifications.c.reason == Reason.MENTION.value)
    if wanted.repo is not None:
        key = repo_queries.path_key(wanted.repo).replace("\0", "")
        conditions += [repos.c.type == wanted.repo.type.value, repos.c.path_key == key]
    if wanted.kind is not None:
        conditions.append(repos.c.type == wanted.kind.value)
    if wanted.discussions:
        conditions.append(notifications.c.discussion_id.is_not(None))
    if wanted.since is not None:
        conditions.append(notifications.c.at >= wanted.since)
    return conditions


def newest_comments(call: Call, discussion_id: int, limit: int) -> list[str]:
    """The keys of what was said last in a discussion, oldest first."""
    rows = call.db.scalars(
        sa.select(discussion_events.c.key)
        .where(
            discussion_events.c.discussion_id == discussion_id,
            discussion_events.c.kind == COMMENT,
        )
        .order_by(discussion_events.c.id.desc())
        .limit(limit)
    )
    return list(reversed(rows.all()))


def people_due(
    call: Call, before: datetime, *, after: int, limit: int
) -> list[tuple[int, datetime]]:
    """People who wait for a mail about something older, by id, and since when each does."""
    rows = call.db.execute(
        sa.select(
            notifications.c.user_id, sa.func.min(notifications.c.at, type_=notifications.c.at.type)
        )
        .where(
            notifications.c.mail_due,
            notifications.c.user_id > after,
            notifications.c.at <= before,
        )
        .group_by(notifications.c.user_id)
        .order_by(notifications.c.user_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def due(call: Call, user_id: int, before: datetime, limit: int) -> list[Notification]:
    """What somebody waits for a mail about and may still know, oldest first; the caller is they."""
    mine = sa.and_(
        notifications.c.mail_due,
        notifications.c.user_id == user_id,
        notifications.c.at <= before,
    )
    order = (notifications.c.at, notifications.c.id)
    rows = call.db.execute(_rows(call.actor).where(mine).order_by(*order).limit(limit))
    return [notification(row) for row in rows]


def _rows(actor: Actor) -> sa.Select[Any]:
    doer, owner = namespaces.alias(), namespaces.alias()
    told = ("id", "topic", "reason", "event", "at", "unread", "muted", "detail", "namespace_id")
    return (
        sa.select(
            *(notifications.c[name] for name in told),
            doer.c.name.label("actor"),
            owner.c.name.label("named"),
            repos.c.key.label("repo_key"),
            repos.c.type.label("repo_type"),
            repos.c.namespace.label("repo_namespace"),
            repos.c.name.label("repo_name"),
            discussions.c.id.label("discussion_id"),
            discussions.c.key.label("discussion_key"),
            discussions.c.number,
            discussions.c.title,
            discussions.c.status,
            discussions.c.is_pull_request,
            discussions.c.comments,
        )
        .select_from(
            _joined(notifications)
            .outerjoin(doer, doer.c.id == notifications.c.actor_id)
            .outerjoin(owner, owner.c.id == notifications.c.namespace_id)
        )
        .where(known(actor))
    )


def notification(row: sa.Row[Any]) -> Notification:
    """The value of a row of `_rows`."""
    place = thread = None
    if row.repo_key is not None:
        repo = RepoId(RepoType(row.repo_type), row.repo_namespace, row.repo_name)
        place = Place(row.repo_key, repo)
    if row.discussion_id is not None:
        thread = Thread(
            row.discussion_id,
            row.discussion_key,
            row.number,
            row.title,
            row.status,
            row.is_pull_request,
            row.comments,
        )
    return Notification(
        id=row.id,
        topic=Topic(row.topic),
        reason=Reason(row.reason),
        event=row.event,
        at=row.at,
        unread=row.unread,
        muted=row.muted,
        detail=row.detail,
        actor=row.actor,
        namespace=row.named,
        place=place,
        thread=thread,
    )


def those(user_id: int, wanted: Sequence[int]) -> sa.ColumnElement[bool]:
    """The condition of rows by their ids; another person's are never among them."""
    mine = notifications.c.user_id == user_id
    return sa.and_(mine, notifications.c.id.in_(list(wanted)))
