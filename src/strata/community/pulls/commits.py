"""Commits that reach a pull request, by API or by git, become part of its timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar, Final

from strata.community.discussions import entries, queries
from strata.community.discussions.queries import Discussion, Push
from strata.core.call import Call, Work, working
from strata.core.names import Sha
from strata.lib.git import read as git
from strata.repos import queries as repos
from strata.repos.record import Repo

MOST_COMMITS: Final = 250  # of one push that are told one by one
COMMIT: Final = "commit"


@dataclass(frozen=True, slots=True)
class Heads:
    """Where the two branches of a pull request stand."""

    head: str  # a commit
    base: str | None


@dataclass(frozen=True, slots=True)
class NoteCommits:
    """Bring the timelines of a repo's pull requests up to their refs."""

    kind: ClassVar[str] = "community.note_commits"
    repo_id: int

    def run(self, call: Call) -> None:
        for number, _ in queries.unseen_pulls(call, self.repo_id):
            with working(call) as work:
                discussion = queries.held_discussion(work, self.repo_id, number)
                if discussion is not None:
                    note_commits(work, self.repo_id, discussion)


def note_commits(work: Work, repo_row_id: int, discussion: Discussion) -> None:
    """Append the commits that came since the timeline was last brought up to the ref.

    The facts say who moved the ref and when; running twice adds nothing.
    """
    head = repos.ref_commit(work, repo_row_id, discussion.ref)
    repo = repos.repo_by_id(work, repo_row_id)
    if head is None or head == discussion.seen_head or repo is None:
        return
    base = repos.ref_commit(work, repo_row_id, discussion.base_ref or "")
    newest_first = queries.pushes(work, repo_row_id, discussion.ref)
    note_until(work, repo, discussion, Heads(head, base), newest_first)


def note_until(
    work: Work, repo: Repo, discussion: Discussion, heads: Heads, newest_first: Iterable[Push]
) -> None:
    """Append the commits of the pushes up to what the timeline knows, and note the head."""
    path = work.hub.git_path(repo.key)
    unseen = takewhile(lambda push: push.new != discussion.seen_head, newest_first)
    for push in reversed(list(unseen)):
        if push.new is None:
            continue
        known = [sha for sha in (push.old, heads.base, discussion.seen_head) if sha]
        for commit in reversed(git.commits_beyond(path, push.new, known, MOST_COMMITS)):
            _tell(work, discussion, push, commit)
    entries.change_discussion(work, discussion.id, seen_head=heads.head)


def _tell(work: Work, discussion: Discussion, push: Push, commit: git.CommitFacts) -> None:
    entries.insert_event(
        work,
        discussion.id,
        COMMIT,
        {"subject": commit.title, "oid": commit.sha},
        author_id=push.actor_id or 0,
        at=push.at,
    )


def own_commits(
    call: Call, repo_key: str, head: Sha, base: Sha | None
) -> Sequence[git.CommitFacts]:
    """The commits of a pull request that its base does not have, newest first."""
    known = [base] if base else []
    return git.commits_beyond(call.hub.git_path(repo_key), head, known, MOST_COMMITS)
