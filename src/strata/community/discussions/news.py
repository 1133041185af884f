"""The facts of this room, named as the Hub's webhooks name them (02 §N).

    discussion.create          id, number, isPullRequest, event (of the description), mentions
    discussion.update          id, number, change ("status", "title", "pin", "lock", "merge", "ref")
    discussion.delete          id, number, title, author, status, isPullRequest: the row is gone
    discussion.comment.create  id, number, event, mentions
    discussion.comment.update  id, number, event, change ("edit", "hide"), mentions

`id` is the 24-hex id of the discussion and `event` the one of the comment; `author` and `mentions`
are row ids of accounts, the latter of those that a text names. A reaction is no fact: nobody waits
for it.
"""

from __future__ import annotations

from typing import Literal

from strata.core.call import Work
from strata.events.facts import record_of
from strata.repos.record import Repo

Name = Literal[
    "discussion.create",
    "discussion.update",
    "discussion.delete",
    "discussion.comment.create",
    "discussion.comment.update",
]


def tell(work: Work, name: Name, repo: Repo, *, key: str, number: int, **detail: object) -> None:
    """Record a fact about one discussion."""
    record_of(work, name, repo, {"id": key, "number": number, **detail})
