"""The SQL that reads notifications; `entries.py` has the SQL that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.community.discussions.entries import COMMENT
from strata.community.discussions.tables import discussion_events, discussions
from strata.community.inbox.knowing import LISTED, joined, known, matching
from strata.community.inbox.record import Filter, Notification, Place, Reason, Thread, Topic, Until
from strata.community.inbox.tables import notifications
from strata.core.actor import Actor
from strata.core.call import Call
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page, Window, page_down
from strata.repos.tables import repos


def some(call: Call, user_id: int, wanted: Filter, window: Window) -> Page[Notification]:
    """A part of somebody's list, the newest first."""
    statement = _rows(call.actor).where(LISTED, *matching(user_id, wanted))
    order = (notifications.c.at, notifications.c.id)
    return page_down(call.db, statement, window, order, notification)


def numbered(
    call: Call, user_id: int, wanted: Filter, *, start: int, limit: int
) -> list[Notification]:
    """The same by how many stand before, as the API asks for it."""
    statement = _rows(call.actor).where(LISTED, *matching(user_id, wanted))
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
    statement = sa.select(sa.func.count()).select_from(joined(notifications))
    mine = sa.and_(known(call.actor), LISTED, *matching(user_id, wanted))
    return int(call.db.scalar(statement.where(mine)) or 0)


def ids(actor: Actor, user_id: int, wanted: Filter) -> sa.Select[tuple[int]]:
    """The statement of the rows that a filter lets through, for those who change them."""
    statement = sa.select(notifications.c.id).select_from(joined(notifications))
    return statement.where(known(actor), LISTED, *matching(user_id, wanted))


def repos_in(call: Call, user_id: int, limit: int) -> list[RepoId]:
    """The repos that somebody's list is about, by name."""
    columns = (repos.c.type, repos.c.namespace, repos.c.name)
    statement = (
        sa.select(*columns)
        .select_from(joined(notifications))
        .where(known(call.actor), LISTED, notifications.c.user_id == user_id)
        .where(repos.c.id.is_not(None))
        .distinct()
        .order_by(repos.c.namespace, repos.c.name, repos.c.type)
        .limit(limit)
    )
    return [RepoId(RepoType(row[0]), row[1], row[2]) for row in call.db.execute(statement)]


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


def is_due(until: Until) -> sa.ColumnElement[bool]:
    """Whether a mail about a row is due."""
    settled = notifications.c.at <= until.settled
    begun = notifications.c.mail_since <= until.begun
    told = notifications.c.mail_since <= until.digest
    return sa.and_(notifications.c.mail_due, sa.or_(settled, begun), told)


def people_due(call: Call, until: Until, *, after: int, limit: int) -> list[tuple[int, datetime]]:
    """People who wait for a mail about something older, by id, and since when each does."""
    since = notifications.c.mail_since
    rows = call.db.execute(
        sa.select(notifications.c.user_id, sa.func.min(since, type_=since.type))
        .where(is_due(until), notifications.c.user_id > after)
        .group_by(notifications.c.user_id)
        .order_by(notifications.c.user_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def due(call: Call, user_id: int, until: Until, limit: int) -> list[Notification]:
    """What somebody waits for a mail about and may still know, oldest first; the caller is they."""
    mine = sa.and_(is_due(until), notifications.c.user_id == user_id)
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
            joined(notifications)
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
