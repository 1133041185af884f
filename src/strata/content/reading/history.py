"""The commits of a revision, newest first (02 §E)."""

from __future__ import annotations

from dataclasses import dataclass

from strata.content.authors import Author, author_of, authors_of
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import is_sha
from strata.lib.git import read as git
from strata.lib.git.model import CommitFacts

PAGE = 50
LONGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Logged:
    """One commit and who made it."""

    facts: CommitFacts
    author: Author


@dataclass(frozen=True, slots=True)
class Commits:
    """Some commits, how many there are, and where the next ones begin."""

    items: list[Logged]
    total: int
    cursor: str | None


def commits(
    call: Call,
    snapshot: Snapshot,
    *,
    limit: int | None = None,
    page: int = 0,
    cursor: str | None = None,
) -> Commits:
    """List commits, newest first.

    Args:
        limit: commits of a page; at most `LONGEST_PAGE`.
        page: pages to pass over, counted from 0; without a cursor.

    Raises:
        Malformed: a cursor that no page gave.
    """
    if cursor and not is_sha(cursor):
        raise Malformed("Invalid cursor: take the one that the Link header gives.")
    size = max(1, min(limit or PAGE, LONGEST_PAGE))
    skipped = 0 if cursor else min(max(page, 0), 1_000_000) * size
    total = git.count_commits(snapshot.git_path, snapshot.commit)
    if skipped >= total:
        return Commits([], total, None)
    found = git.log(snapshot.git_path, snapshot.commit, skipped + size + 1, cursor or None)
    shown = found[skipped : skipped + size]
    more = len(found) > skipped + size
    return Commits(_logged(call, shown), total, shown[-1].sha if more else None)


def commit_at(call: Call, snapshot: Snapshot) -> Logged:
    """The commit of a snapshot itself."""
    return _logged(call, [git.commit_facts(snapshot.git_path, snapshot.commit)])[0]


def _logged(call: Call, found: list[CommitFacts]) -> list[Logged]:
    authors = authors_of(call, found)
    return [Logged(facts, author_of(authors, facts)) for facts in found]
