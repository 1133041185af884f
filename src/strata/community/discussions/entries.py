"""The SQL that writes discussions and what happens in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.community.discussions.queries import Discussion, Event
from strata.community.discussions.tables import (
    discussion_edits,
    discussion_events,
    discussion_reactions,
    discussions,
)
from strata.core.call import Work
from strata.core.names import Sha, fresh_key
from strata.lib.db.statements import upsert

COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Opening:
    """A discussion that is being opened."""

    repo_id: int
    number: int
    title: str
    status: str
    base_ref: str | None = None  # pull requests: "refs/heads/main"
    head: Sha | None = None  # pull requests: where their ref begins

    @property
    def is_pull_request(self) -> bool:
        return self.base_ref is not None


def insert_discussion(work: Work, opening: Opening) -> tuple[int, str]:
    """Write a discussion without any event; returns its row id and its key."""
    key = fresh_key()
    inserted = work.db.execute(
        sa.insert(discussions).values(
            key=key,
            repo_id=opening.repo_id,
            number=opening.number,
            title=opening.title,
            author_id=work.actor.user_id or 0,
            status=opening.status,
            is_pull_request=opening.is_pull_request,
            base_ref=opening.base_ref,
            seen_head=opening.head,
            comments=0,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    (discussion_id,) = inserted.inserted_primary_key or (0,)
    return int(discussion_id), key


def insert_event(  # noqa: PLR0913 — keyword-only; who and when differ from the caller for pushed commits only
    work: Work,
    discussion_id: int,
    kind: str,
    content: Mapping[str, object],
    *,
    key: str | None = None,
    author_id: int | None = None,
    at: datetime | None = None,
) -> str:
    """Append to the timeline; returns the key of the event."""
    key = key or fresh_key()
    work.db.execute(
        sa.insert(discussion_events).values(
            key=key,
            discussion_id=discussion_id,
            kind=kind,
            author_id=work.actor.user_id or 0 if author_id is None else author_id,
            created_at=at or work.now,
            content=dict(content),
        )
    )
    touched = {"comments": discussions.c.comments + 1} if kind == COMMENT else {}
    change_discussion(work, discussion_id, **touched)
    return key


def change_discussion(work: Work, discussion_id: int, **values: object) -> None:
    """Change columns of a discussion; it counts as touched."""
    work.db.execute(
        sa.update(discussions)
        .where(discussions.c.id == discussion_id)
        .values(**values, updated_at=work.now)
    )


def change_content(work: Work, event_id: int, content: Mapping[str, object]) -> None:
    """Replace what an event says, without any trace; not for what people wrote."""
    work.db.execute(
        sa.update(discussion_events)
        .where(discussion_events.c.id == event_id)
        .values(content=content)
    )


def move_commits(work: Work, discussion: Discussion, rewritten: Mapping[str, str]) -> None:
    """Name the commits of a pull request as they are called now; it does not count as touched."""
    here = sa.select(discussions.c.seen_head, discussions.c.merge_commit)
    seen, merge = work.db.execute(here.where(discussions.c.id == discussion.id)).one()
    now = (rewritten.get(seen, seen), rewritten.get(merge, merge))
    if now != (seen, merge):
        change = sa.update(discussions).where(discussions.c.id == discussion.id)
        work.db.execute(change.values(seen_head=now[0], merge_commit=now[1]))


def rewrite_comment(work: Work, event: Event, content: Mapping[str, object]) -> None:
    """Put another text in the place of a comment and keep the one before."""
    work.db.execute(
        sa.insert(discussion_edits).values(
            event_id=event.id,
            author_id=event.editor_id or event.author_id,
            written_at=event.edited_at or event.created_at,
            content=dict(event.content),
        )
    )
    _set_comment(work, event, content=dict(content))


def blank_comment(work: Work, event: Event) -> None:
    """Take away what a comment says and ever said."""
    work.db.execute(sa.delete(discussion_edits).where(discussion_edits.c.event_id == event.id))
    _set_comment(work, event, content={}, hidden=True)


def _set_comment(work: Work, event: Event, **values: object) -> None:
    work.db.execute(
        sa.update(discussion_events)
        .where(discussion_events.c.id == event.id)
        .values(**values, editor_id=work.actor.user_id or 0, edited_at=work.now)
    )


def add_reaction(work: Work, discussion_id: int, event: Event, reaction: str) -> bool:
    """Note the caller's reaction; False when it was there."""
    fresh = upsert(work.db, discussion_reactions).values(
        event_id=event.id,
        user_id=work.actor.user_id,
        reaction=reaction,
        created_at=work.now,
    )
    added = work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1
    _count_reactions(work, discussion_id, 1 if added else 0)
    return added


def remove_reaction(work: Work, discussion_id: int, event: Event, reaction: str) -> bool:
    """Take the caller's reaction back; False when there was none."""
    own = sa.and_(
        discussion_reactions.c.event_id == event.id,
        discussion_reactions.c.user_id == work.actor.user_id,
        discussion_reactions.c.reaction == reaction,
    )
    removed = work.db.execute(sa.delete(discussion_reactions).where(own)).rowcount
    _count_reactions(work, discussion_id, -removed)
    return removed > 0


def _count_reactions(work: Work, discussion_id: int, change: int) -> None:
    if change:
        work.db.execute(
            sa.update(discussions)
            .where(discussions.c.id == discussion_id)
            .values(reactions=discussions.c.reactions + change)
        )


def delete_discussion(work: Work, discussion_id: int) -> None:
    """Remove a discussion with all that happened in it."""
    own = sa.select(discussion_events.c.id).where(
        discussion_events.c.discussion_id == discussion_id
    )
    for table in (discussion_edits, discussion_reactions):
        work.db.execute(sa.delete(table).where(table.c.event_id.in_(own)))
    work.db.execute(
        sa.delete(discussion_events).where(discussion_events.c.discussion_id == discussion_id)
    )
    work.db.execute(sa.delete(discussions).where(discussions.c.id == discussion_id))
