"""The two sides of a pull request: where its base stands, and its own head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from strata.community.discussions import queries
from strata.community.discussions.queries import Discussion
from strata.content.reading.diff import text_diff
from strata.content.snapshot import Snapshot, snapshot_of
from strata.core.call import Call
from strata.core.errors import RevisionNotFound, TooLarge
from strata.core.names import Sha
from strata.lib.git import read as git
from strata.lib.git.model import Change
from strata.lib.git.write import conflicting
from strata.repos.record import Repo

LONGEST_DIFF: Final = 4 * 1024 * 1024  # bytes within an answer; longer ones are left out


@dataclass(frozen=True, slots=True)
class Sides:
    """What a pull request is between; of a merged one as it was before the merge."""

    base: Sha
    head: Snapshot
    fork: Sha | None  # where the pull request left its base; None: they share nothing

    @property
    def git_path(self) -> Path:
        return self.head.git_path

    @property
    def has_changes(self) -> bool:
        return self.fork != self.head.commit


def sides_of(call: Call, repo: Repo, discussion: Discussion) -> Sides | None:
    """What a pull request is between; None for a discussion, or when one side is gone."""
    if discussion.base_ref is None:
        return None
    try:
        head = _head(call, repo, discussion)
        base = _base(call, repo, discussion, head)
    except (RevisionNotFound, git.ObjectMissing):  # squashed away since
        return _remembered(call, repo, discussion)
    fork = git.merge_base(head.git_path, base, head.commit)
    return Sides(base, head, Sha(fork) if fork else None)


def _remembered(call: Call, repo: Repo, discussion: Discussion) -> Sides | None:
    """What was merged, where the base lost its history and the pull request kept its own."""
    merged = queries.merge_event(call, discussion.id)
    if discussion.merge_commit is None or merged is None:
        return None
    try:
        head = snapshot_of(call, repo, str(merged["head"]))
        fork = snapshot_of(call, repo, str(merged["fork"])).commit
    except RevisionNotFound:
        return None
    return Sides(fork, head, fork)


def _head(call: Call, repo: Repo, discussion: Discussion) -> Snapshot:
    """The head as it was merged, whether its ref is still there or not; else as it is."""
    if discussion.merge_commit is None:
        return snapshot_of(call, repo, discussion.ref)
    parents = git.commit_facts(call.hub.git_path(repo.key), discussion.merge_commit).parents
    return snapshot_of(call, repo, parents[1])


def _base(call: Call, repo: Repo, discussion: Discussion, head: Snapshot) -> Sha:
    if discussion.merge_commit is None:
        return snapshot_of(call, repo, discussion.base_ref or "").commit
    return Sha(git.commit_facts(head.git_path, discussion.merge_commit).parents[0])


def changes_of(sides: Sides) -> list[Change]:
    """What the pull request changes since it left its base."""
    return git.diff_raw(sides.git_path, sides.fork, sides.head.commit)


def unified(sides: Sides) -> str | None:
    """The same as text; None when it is too long for an answer."""
    try:
        return text_diff(sides.head, sides.fork, LONGEST_DIFF)
    except TooLarge:
        return None


def conflicts(sides: Sides) -> tuple[str, ...]:
    """The files that both sides changed and that git could not merge."""
    return _conflicts(str(sides.git_path), sides.fork, sides.base, sides.head.commit)


@lru_cache(maxsize=4096)
def _conflicts(path: str, fork: str | None, base: str, head: str) -> tuple[str, ...]:
    """Three commits never conflict otherwise than they did before, so the answer is kept."""
    if fork in (base, head):
        return ()
    return conflicting(path, fork, base, head)
