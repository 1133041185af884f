"""Access tokens in the discussions of a repo that everybody can read by now: they are revoked.

What people wrote while it was private was between them; `content.writing.revealed` does the same
for files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from strata.community.discussions.tables import (
    discussion_edits as edits,
    discussion_events as events,
    discussions,
)
from strata.content.writing.revealed import opened
from strata.core.call import Call, Work, working
from strata.credentials.oauth.tokens.ending import end_leaked
from strata.credentials.tokens.leaked.showing import values_in
from strata.credentials.tokens.values import PREFIX
from strata.events.facts import Fact
from strata.events.jobs import enqueue
from strata.repos import queries as repos


@dataclass(frozen=True, slots=True)
class RevokeSaid:
    """Revoke the tokens in what was said beside a repo, also before it was edited."""

    kind: ClassVar[str] = "community.revoke_said"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = repos.repo_by_id(call, self.repo_id)
        if repo is None or repo.private:
            return
        found = {
            value: f"{repo.full_name}, discussion {number}"
            for number, text in _said(call, repo.id)
            for value, _ in values_in(text.encode("utf-8", "replace"))
        }
        if found:
            with working(call) as work:
                end_leaked(work, found)


def look_through_said(work: Work, fact: Fact) -> None:
    """Look through what was said beside a repo that becomes public (a `Listener`)."""
    if opened(fact) and fact.repo_id is not None:
        enqueue(work, RevokeSaid(fact.repo_id))


def _said(call: Call, repo_id: int) -> Iterator[tuple[int, str]]:
    """The number of a discussion, and a text of it that may hold a token."""
    here = discussions.c.repo_id == repo_id
    now = sa.join(discussions, events, events.c.discussion_id == discussions.c.id)
    then = now.join(edits, edits.c.event_id == events.c.id)
    for column, table in (
        (discussions.c.title, discussions),
        (events.c.content, now),
        (edits.c.content, then),
    ):
        holding = sa.cast(column, sa.Text).contains(PREFIX, autoescape=True)
        asked = sa.select(discussions.c.number, column).select_from(table).where(here, holding)
        for number, kept in call.db.execute(asked):
            yield number, "\n".join(_texts(kept))


def _texts(kept: Any) -> Iterator[str]:
    """The texts of a title or of what an event holds (see `queries`)."""
    if isinstance(kept, str):
        yield kept
    elif isinstance(kept, dict):
        yield from (value for value in kept.values() if isinstance(value, str))
