"""The SQL that reads discussions; `entries.py` has the SQL that writes them.

What an event's `content` holds: a comment what `texts.Written` says, a commit `{"subject", "oid"}`,
a change of status `{"status"}` (a merge also `oid`), of the title `{"from", "to"}`, of the pin
`{"pinned"}`, of the lock `{"locked"}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from strata.accounts.naming.names import known_among
from strata.accounts.tables import namespaces, users
from strata.community.discussions.tables import (
    discussion_edits,
    discussion_events,
    discussion_reactions,
    discussions,
)
from strata.core.call import Call, Work
from strata.core.names import Sha
from strata.events.tables import facts
from strata.repos.tables import refs

Kind = Literal["all", "discussion", "pull_request"]
Status = Literal["all", "open", "closed", "draft", "merged"]
Sort = Literal["recently-created", "recently-updated", "comments", "reactions"]

# "open" and "closed" are the two halves of all; drafts are open, merged ones closed.
_STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "draft"),
    "closed": ("closed", "merged"),
    "draft": ("draft",),
    "merged": ("merged",),
}
_ORDERS: Mapping[str, sa.Column[Any]] = {
    "recently-created": discussions.c.number,
    "recently-updated": discussions.c.updated_at,
    "comments": discussions.c.comments,
    "reactions": discussions.c.reactions,
}
_LIKE_ESCAPE = "\\"
_FACTS_READ = 100  # at once


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote something."""

    id: int
    name: str
    public_id: str  # 24 hex


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion or pull request."""

    id: int
    key: str  # 24 hex
    number: int
    title: str
    author_id: int
    author: Person | None  # None: the account is gone
    status: str
    is_pull_request: bool
    base_ref: str | None
    seen_head: Sha | None
    merge_commit: Sha | None
    pinned: bool
    locked: bool
    comments: int
    reactions: int
    created_at: datetime
    updated_at: datetime

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status in _STATUSES["open"]


@dataclass(frozen=True, slots=True)
class Version:
    """What a comment said once."""

    author: Person | None
    written_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One kind of answer to a comment, and who gave it, in this order."""

    reaction: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a discussion; the last six are of comments."""

    id: int
    key: str
    kind: str
    author_id: int
    author: Person | None
    created_at: datetime
    content: Mapping[str, Any]
    hidden: bool = False
    editor_id: int | None = None  # who wrote, or hid, what stands there now
    editor: Person | None = None
    edited_at: datetime | None = None
    history: tuple[Version, ...] = ()  # oldest first, without what stands there now
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which discussions a list shows, and in which order."""

    kind: Kind = "all"
    status: Status = "all"
    author: str | None = None
    words: str = ""  # that the title contains
    sort: Sort = "recently-created"
    pinned_first: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """One move of the ref of a pull request."""

    old: Sha | None
    new: Sha | None
    actor_id: int | None
    at: datetime


def discussion_at(call: Call, repo_row_id: int, number: int) -> Discussion | None:
    """One discussion by its number."""
    row = call.db.execute(_discussions(repo_row_id).where(discussions.c.number == number)).first()
    return _discussion(row) if row else None


def held_discussion(work: Work, repo_row_id: int, number: int) -> Discussion | None:
    """One discussion, which no other transaction changes before this one ends."""
    one = _discussions(repo_row_id).where(discussions.c.number == number)
    row = work.db.execute(one.with_for_update(of=discussions)).first()
    return _discussion(row) if row else None


def some(
    call: Call, repo_row_id: int, wanted: Filter, *, start: int, limit: int
) -> list[Discussion]:
    """Discussions that a filter lets through, in its order."""
    statement = _filtered(_discussions(repo_row_id), wanted)
    order = [discussions.c.pinned.desc()] if wanted.pinned_first else []
    order += [_ORDERS[wanted.sort].desc(), discussions.c.number.desc()]
    rows = call.db.execute(statement.order_by(*order).offset(start).limit(limit))
    return [_discussion(row) for row in rows]


def count(call: Call, repo_row_id: int, wanted: Filter) -> int:
    """How many discussions a filter lets through."""
    statement = sa.select(sa.func.count(discussions.c.id))
    if wanted.author is not None:
        statement = statement.join(namespaces, namespaces.c.id == discussions.c.author_id)
    ours = statement.where(discussions.c.repo_id == repo_row_id)
    return int(call.db.scalar(_filtered(ours, wanted)) or 0)


def numbers_among(call: Call, repo_row_id: int, numbers: Iterable[int]) -> frozenset[int]:
    """Those of the numbers that discussions of the repo have."""
    rows = call.db.scalars(
        sa.select(discussions.c.number).where(
            discussions.c.repo_id == repo_row_id, discussions.c.number.in_(list(numbers))
        )
    )
    return frozenset(rows)


def names_among(call: Call, names: Iterable[str]) -> dict[str, int]:
    """Those of the names that shown accounts bear, case-folded, and their row ids."""
    wanted = {name.lower() for name in names}
    rows = call.db.execute(
        sa.select(namespaces.c.key, namespaces.c.id).where(namespaces.c.key.in_(sorted(wanted)))
    )
    bearers = {row[0]: row[1] for row in rows}
    known = known_among(call, bearers.values())
    return {key: bearer for key, bearer in bearers.items() if bearer in known}


def events(call: Call, discussion_id: int) -> list[Event]:
    """What happened, oldest first."""
    return _events(call, discussion_events.c.discussion_id == discussion_id)


def event_at(call: Call, discussion_id: int, key: str) -> Event | None:
    """One event by its key, as `events` shows it."""
    here = sa.and_(
        discussion_events.c.discussion_id == discussion_id, discussion_events.c.key == key
    )
    return next(iter(_events(call, here)), None)


def unseen_pulls(call: Call, repo_row_id: int) -> list[tuple[int, Sha]]:
    """Numbers of pull requests whose refs went on since the timeline was written, and where to."""
    ref = sa.literal("refs/pr/") + sa.cast(discussions.c.number, sa.Text)
    rows = call.db.execute(
        sa.select(discussions.c.number, refs.c.commit_sha)
        .join(refs, sa.and_(refs.c.repo_id == discussions.c.repo_id, refs.c.name == ref))
        .where(
            discussions.c.repo_id == repo_row_id,
            discussions.c.is_pull_request,
            discussions.c.seen_head.is_distinct_from(refs.c.commit_sha),
        )
    )
    return [(row[0], Sha(row[1])) for row in rows]


def pulls(call: Call, repo_row_id: int) -> list[Discussion]:
    """Every pull request of a repo, whatever became of it."""
    wanted = _discussions(repo_row_id).where(discussions.c.is_pull_request)
    return [_discussion(row) for row in call.db.execute(wanted.order_by(discussions.c.id))]


def contents_naming_commits(call: Call, discussion_id: int) -> list[tuple[int, Mapping[str, Any]]]:
    """Row ids and contents of the events that tell of a commit."""
    rows = call.db.execute(
        sa.select(discussion_events.c.id, discussion_events.c.content).where(
            discussion_events.c.discussion_id == discussion_id,
            discussion_events.c.kind.in_(("commit", "status-change")),
        )
    )
    return [(row[0], row[1]) for row in rows]


def merge_event(call: Call, discussion_id: int) -> Mapping[str, Any] | None:
    """What the event of a merge says, the newest one."""
    rows = contents_naming_commits(call, discussion_id)
    return next((content for _, content in reversed(rows) if content.get("fork")), None)


def pushes(call: Call, repo_row_id: int, ref: str) -> Iterator[Push]:
    """How a ref moved, newest first, as the facts tell it; reads no further than is asked for."""
    before: int | None = None
    while True:
        statement = sa.select(facts.c.id, facts.c.actor_id, facts.c.at, facts.c.detail).where(
            facts.c.repo_id == repo_row_id, facts.c.name == "repo.content"
        )
        if before is not None:
            statement = statement.where(facts.c.id < before)
        rows = call.db.execute(statement.order_by(facts.c.id.desc()).limit(_FACTS_READ)).all()
        for row in rows:
            for move in row.detail["refs"]:
                if move["ref"] == ref:
                    yield Push(move["old"], move["new"], row.actor_id, row.at)
        if len(rows) < _FACTS_READ:
            return
        before = rows[-1].id


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
        statement = statement.where(discussions.c.status.in_(_STATUSES[wanted.status]))
    if wanted.author is not None:
        # PostgreSQL refuses to look for a NUL, which no name holds.
        named = namespaces.c.key == wanted.author.lower()
        statement = statement.where(sa.false() if "\0" in wanted.author else named)
    for word in wanted.words.replace("\0", " ").split()[:10]:
        holds = sa.func.lower(discussions.c.title).contains(
            word.lower(), autoescape=True, escape=_LIKE_ESCAPE
        )
        statement = statement.where(holds)
    return statement


def _events(call: Call, condition: sa.ColumnElement[bool]) -> list[Event]:
    editor, editor_name = users.alias(), namespaces.alias()
    rows = call.db.execute(
        sa.select(
            discussion_events,
            namespaces.c.name,
            users.c.public_id,
            editor_name.c.name.label("editor_name"),
            editor.c.public_id.label("editor_public_id"),
        )
        .outerjoin(namespaces, namespaces.c.id == discussion_events.c.author_id)
        .outerjoin(users, users.c.id == discussion_events.c.author_id)
        .outerjoin(editor_name, editor_name.c.id == discussion_events.c.editor_id)
        .outerjoin(editor, editor.c.id == discussion_events.c.editor_id)
        .where(condition)
        .order_by(discussion_events.c.id)
    ).all()
    histories = _histories(call, condition) if any(row.edited_at for row in rows) else {}
    reactions = _reactions(call, condition)
    return [
        Event(
            id=row.id,
            key=row.key,
            kind=row.kind,
            author_id=row.author_id,
            author=_person(row.author_id, row.name, row.public_id),
            created_at=row.created_at,
            content=row.content,
            hidden=row.hidden,
            editor_id=row.editor_id,
            editor=_person(row.editor_id, row.editor_name, row.editor_public_id),
            edited_at=row.edited_at,
            history=tuple(histories.get(row.id, ())),
            reactions=tuple(reactions.get(row.id, ())),
        )
        for row in rows
    ]


def _histories(call: Call, condition: sa.ColumnElement[bool]) -> dict[int, list[Version]]:
    rows = call.db.execute(
        sa.select(discussion_edits, namespaces.c.name, users.c.public_id)
        .join(discussion_events, discussion_events.c.id == discussion_edits.c.event_id)
        .outerjoin(namespaces, namespaces.c.id == discussion_edits.c.author_id)
        .outerjoin(users, users.c.id == discussion_edits.c.author_id)
        .where(condition)
        .order_by(discussion_edits.c.id)
    )
    found: dict[int, list[Version]] = {}
    for row in rows:
        author = _person(row.author_id, row.name, row.public_id)
        found.setdefault(row.event_id, []).append(Version(author, row.written_at, row.content))
    return found


def _reactions(call: Call, condition: sa.ColumnElement[bool]) -> dict[int, list[Reaction]]:
    rows = call.db.execute(
        sa.select(
            discussion_reactions.c.event_id, discussion_reactions.c.reaction, namespaces.c.name
        )
        .join(discussion_events, discussion_events.c.id == discussion_reactions.c.event_id)
        .join(namespaces, namespaces.c.id == discussion_reactions.c.user_id)
        .where(condition)
        .order_by(discussion_reactions.c.created_at, discussion_reactions.c.user_id)
    )
    given: dict[int, dict[str, list[str]]] = {}
    for row in rows:
        given.setdefault(row.event_id, {}).setdefault(row.reaction, []).append(row.name)
    return {
        event: [Reaction(reaction, tuple(names)) for reaction, names in kinds.items()]
        for event, kinds in given.items()
    }


def _discussion(row: sa.Row[Any]) -> Discussion:
    values = {
        name: getattr(row, name) for name in Discussion.__dataclass_fields__ if name != "author"
    }
    return Discussion(**values, author=_person(row.author_id, row.name, row.public_id))


def _person(user_id: int | None, name: str | None, public_id: str | None) -> Person | None:
    return Person(user_id, name, public_id) if user_id and name and public_id else None
