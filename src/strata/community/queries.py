"""All SQL of the room.

What an event's `content` holds: a comment `{"text"}`, a commit `{"subject", "oid"}`, a change of
status `{"status"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from strata.accounts.tables import namespaces, users
from strata.community.tables import discussion_events, discussions
from strata.core.call import Call, Work
from strata.core.names import fresh_key

Kind = Literal["all", "discussion", "pull_request"]
Status = Literal["all", "open", "closed"]

_OPEN = ("open", "draft")


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote something."""

    name: str
    public_id: str  # 24 hex


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion or pull request."""

    id: int
    number: int
    title: str
    author: Person | None  # None: the account is gone
    status: str
    is_pull_request: bool
    base_ref: str | None
    pinned: bool
    comments: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a discussion."""

    key: str
    kind: str
    author: Person | None
    created_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which discussions a list shows."""

    kind: Kind = "all"
    status: Status = "all"
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A pull request that is being opened."""

    repo_id: int
    number: int
    title: str
    description: str
    base_ref: str
    commit: str


def insert_pull(work: Work, opening: Opening) -> None:
    """Write a pull request with its description and its first commit."""
    author = work.actor.user_id or 0
    inserted = work.db.execute(
        sa.insert(discussions).values(
            repo_id=opening.repo_id,
            number=opening.number,
            title=opening.title,
            author_id=author,
            status="open",
            is_pull_request=True,
            base_ref=opening.base_ref,
            comments=1,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    (discussion_id,) = inserted.inserted_primary_key or (0,)
    contents = {
        "comment": {"text": opening.description},
        "commit": {"subject": opening.title, "oid": opening.commit},
    }
    for kind, content in contents.items():
        work.db.execute(
            sa.insert(discussion_events).values(
                key=fresh_key(),
                discussion_id=discussion_id,
                kind=kind,
                author_id=author,
                created_at=work.now,
                content=content,
            )
        )


def discussion_at(call: Call, repo_row_id: int, number: int) -> Discussion | None:
    """One discussion by its number."""
    row = call.db.execute(_discussions(repo_row_id).where(discussions.c.number == number)).first()
    return _discussion(row) if row else None


def some(
    call: Call, repo_row_id: int, wanted: Filter, *, start: int, limit: int
) -> list[Discussion]:
    """Discussions that a filter lets through, newest first."""
    statement = _filtered(_discussions(repo_row_id), wanted)
    ordered = statement.order_by(discussions.c.number.desc()).offset(start).limit(limit)
    return [_discussion(row) for row in call.db.execute(ordered)]


def count(call: Call, repo_row_id: int, wanted: Filter) -> int:
    """How many discussions a filter lets through."""
    matching = _filtered(_discussions(repo_row_id), wanted).subquery()
    total: int = call.db.execute(sa.select(sa.func.count()).select_from(matching)).scalar_one()
    return total


def events(call: Call, discussion_id: int) -> list[Event]:
    """What happened, oldest first."""
    rows = call.db.execute(
        sa.select(
            discussion_events.c.key,
            discussion_events.c.kind,
            discussion_events.c.created_at,
            discussion_events.c.content,
            namespaces.c.name,
            users.c.public_id,
        )
        .outerjoin(namespaces, namespaces.c.id == discussion_events.c.author_id)
        .outerjoin(users, users.c.id == discussion_events.c.author_id)
        .where(discussion_events.c.discussion_id == discussion_id)
        .order_by(discussion_events.c.id)
    )
    return [Event(row.key, row.kind, _person(row), row.created_at, row.content) for row in rows]


def _discussions(repo_row_id: int) -> sa.Select[Any]:
    return (
        sa.select(discussions, namespaces.c.name, users.c.public_id)
        .outerjoin(namespaces, namespaces.c.id == discussions.c.author_id)
        .outerjoin(users, users.c.id == discussions.c.author_id)
        .where(discussions.c.repo_id == repo_row_id)
    )


def _filtered(statement: sa.Select[Any], wanted: Filter) -> sa.Select[Any]:
    if wanted.kind != "all":
        pulls = wanted.kind == "pull_request"
        statement = statement.where(discussions.c.is_pull_request.is_(pulls))
    if wanted.status != "all":
        is_open = discussions.c.status.in_(_OPEN)
        statement = statement.where(is_open if wanted.status == "open" else sa.not_(is_open))
    if wanted.author is not None:
        statement = statement.where(namespaces.c.key == wanted.author.lower())
    return statement


def _discussion(row: sa.Row[Any]) -> Discussion:
    return Discussion(
        id=row.id,
        number=row.number,
        title=row.title,
        author=_person(row),
        status=row.status,
        is_pull_request=row.is_pull_request,
        base_ref=row.base_ref,
        pinned=row.pinned,
        comments=row.comments,
        created_at=row.created_at,
    )


def _person(row: Any) -> Person | None:
    return Person(row.name, row.public_id) if row.public_id else None
