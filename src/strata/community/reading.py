"""Read discussions and pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strata.community import queries
from strata.community.queries import Discussion, Event, Filter
from strata.content.diff import text_diff
from strata.content.snapshot import Snapshot, snapshot_of
from strata.core.call import Call
from strata.core.errors import NotFound, RevisionNotFound
from strata.core.names import RepoId
from strata.lib.git import read as git
from strata.lib.git.write import merge
from strata.repos.lookup import lookup
from strata.repos.record import Repo

PAGE = 50
LONGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of discussions."""

    repo: Repo
    discussions: list[Discussion]
    total: int  # that the filter lets through
    start: int  # how many stand before this page
    closed: int  # closed ones, whatever status was asked for


@dataclass(frozen=True, slots=True)
class Details:
    """One discussion with everything that happened; the last three are of pull requests."""

    repo: Repo
    discussion: Discussion
    events: list[Event]
    conflicts: tuple[str, ...]
    diff: str | None  # only when asked for
    merge_commit: str | None


def list_discussions(
    call: Call, repo_id: RepoId, wanted: Filter, *, page: int = 0, limit: int | None = None
) -> Listing:
    """List discussions, newest first.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
    """
    repo = lookup(call, repo_id)
    size = max(1, min(limit or PAGE, LONGEST_PAGE))
    start = min(max(page, 0), 1_000_000) * size
    closed = Filter(wanted.kind, "closed", wanted.author)
    return Listing(
        repo=repo,
        discussions=queries.some(call, repo.id, wanted, start=start, limit=size),
        total=queries.count(call, repo.id, wanted),
        start=start,
        closed=queries.count(call, repo.id, closed),
    )


def details(call: Call, repo_id: RepoId, number: int, *, with_diff: bool = False) -> Details:
    """One discussion.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
        NotFound: no discussion of this number.
    """
    repo = lookup(call, repo_id)
    discussion = queries.discussion_at(call, repo.id, number)
    if discussion is None:
        raise NotFound("Discussion not found")
    sides = _sides(call, repo, discussion)
    happened = queries.events(call, discussion.id)
    return Details(
        repo=repo,
        discussion=discussion,
        events=happened,
        conflicts=_conflicts(*sides) if sides and discussion.status != "merged" else (),
        diff=_diff(*sides) if sides and with_diff else None,
        merge_commit=_merge_commit(happened),
    )


def _sides(call: Call, repo: Repo, discussion: Discussion) -> tuple[Snapshot, Snapshot] | None:
    """Where the base stands, and the pull request; None when there is nothing to compare."""
    if not discussion.is_pull_request or discussion.base_ref is None:
        return None
    try:
        base = snapshot_of(call, repo, discussion.base_ref)
        return base, snapshot_of(call, repo, f"refs/pr/{discussion.number}")
    except RevisionNotFound:  # the base branch was deleted since
        return None


def _diff(base: Snapshot, head: Snapshot) -> str:
    return text_diff(head, git.merge_base(head.git_path, base.commit, head.commit))


def _conflicts(base: Snapshot, head: Snapshot) -> tuple[str, ...]:
    """The files that both sides changed and that git could not merge."""
    fork = git.merge_base(head.git_path, base.commit, head.commit)
    if fork == base.commit:
        return ()
    ours = git.diff_raw(head.git_path, fork, base.commit)
    theirs = git.diff_raw(head.git_path, fork, head.commit)
    touched = {path for change in ours for path in (change.path, change.new_path)}
    if not any(change.path in touched or change.new_path in touched for change in theirs):
        return ()
    return merge(head.git_path, fork, base.commit, head.commit).conflicts


def _merge_commit(happened: Sequence[Event]) -> str | None:
    for event in reversed(happened):
        if event.kind == "status-change" and event.content.get("status") == "merged":
            oid = event.content.get("oid")
            return str(oid) if oid else None
    return None
