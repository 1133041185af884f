"""Read discussions and pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.community.discussions import queries
from strata.community.discussions.queries import Discussion, Event, Filter
from strata.community.discussions.rights import Rights, community_of, found, rights_in
from strata.community.discussions.sides import Sides, conflicts, sides_of, unified
from strata.community.discussions.texts import html_of
from strata.core.call import Call
from strata.core.names import RepoId
from strata.repos import queries as repos
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
    """One discussion with everything that happened."""

    repo: Repo
    discussion: Discussion
    events: list[Event]
    html: Mapping[str, str]  # renderings of the comments, by the keys of their events
    rights: Rights  # of the caller
    has_ref: bool  # a pull request whose ref was not given up
    sides: Sides | None  # of a pull request whose two ends are known
    conflicts: tuple[str, ...]  # files that keep an open pull request from its base
    diff: str | None  # only when asked for, and when it is not too long


def list_discussions(
    call: Call, repo_id: RepoId, wanted: Filter, *, page: int = 0, limit: int | None = None
) -> Listing:
    """List discussions.

    Raises:
        RepoNotFound, Moved, RepoDisabled, Forbidden: as `rights.community_of`.
    """
    repo = community_of(call, repo_id)
    size = max(1, min(limit or PAGE, LONGEST_PAGE))
    start = min(max(page, 0), 1_000_000) * size
    return Listing(
        repo=repo,
        discussions=queries.some(call, repo.id, wanted, start=start, limit=size),
        total=queries.count(call, repo.id, wanted),
        start=start,
        closed=queries.count(call, repo.id, replace(wanted, status="closed")),
    )


def details(call: Call, repo_id: RepoId, number: int, *, with_diff: bool = False) -> Details:
    """One discussion.

    Raises:
        RepoNotFound, Moved, RepoDisabled, Forbidden: as `rights.community_of`.
        NotFound: no discussion of this number.
    """
    repo = community_of(call, repo_id)
    discussion = found(call, repo, number)
    sides = sides_of(call, repo, discussion)
    shows_diff = with_diff and admits(call, Action.READ, repo)  # it shows what files hold
    happened = queries.events(call, discussion.id)
    return Details(
        repo=repo,
        discussion=discussion,
        events=happened,
        html=renderings(call, repo, happened),
        rights=rights_in(call, repo, discussion),
        has_ref=_has_ref(call, repo, discussion),
        sides=sides,
        conflicts=conflicts(sides) if sides and discussion.is_open else (),
        diff=unified(sides) if sides and shows_diff else None,
    )


def _has_ref(call: Call, repo: Repo, discussion: Discussion) -> bool:
    return (
        discussion.is_pull_request and repos.ref_commit(call, repo.id, discussion.ref) is not None
    )


def renderings(call: Call, repo: Repo, happened: list[Event]) -> Mapping[str, str]:
    """The comments as HTML, by the keys of their events, older versions by key and place."""
    html: dict[str, str] = {}
    for event in happened:
        if event.kind != "comment" or event.hidden:
            continue
        html[event.key] = html_of(call, repo, event.key, event.content)
        for place, version in enumerate(event.history):
            html[f"{event.key}/{place}"] = html_of(call, repo, event.key, version.content)
    return html
