"""Commits of a revision, and one commit with what it changed (product §2.5 P34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.reading.history import PAGE, Logged, commit_at, commits
from strata.content.refs import RefList, list_refs
from strata.content.snapshot import MAIN, snapshot, snapshot_at
from strata.content.verdicts.badges import Badge, badges
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.core.names import RepoId
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.repo.diff_view import Difference, difference
from strata.web.pages.repo.files import named
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.work import field, repo_of

LONGEST_NUMBER = 6  # digits of a page number


@dataclass(frozen=True, slots=True)
class Day:
    """The commits of one day, in UTC."""

    date: date
    commits: tuple[Logged, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """All that the list shows."""

    head: RepoHead
    place: Place
    refs: RefList
    days: tuple[Day, ...]
    total: int
    page: int  # counted from 0
    pages: int
    badges: Mapping[str, Badge]  # by the id of a commit; only of those that are signed


@dataclass(frozen=True, slots=True)
class CommitPage:
    """All that the page of one commit shows."""

    head: RepoHead
    place: Place  # at this commit
    commit: Logged
    difference: Difference
    badge: Badge | None  # None: it is not signed


async def page(request: Request) -> Response:
    """GET /{repo}/commits/{revision} — `?p=` counts pages from 0."""
    asked = field(request, "revision"), field(request, "path")
    number = page_number(request)
    visit, found = await visiting(
        request, lambda call: _history(call, repo_of(request), asked, number)
    )
    return shown(request, "repos/commits.html", visit, page=found, head=found.head)


async def commit(request: Request) -> Response:
    """GET /{repo}/commit/{revision}"""
    revision = field(request, "revision")
    visit, found = await visiting(request, lambda call: _commit(call, repo_of(request), revision))
    return shown(request, "repos/commit.html", visit, page=found, head=found.head)


def page_number(request: Request) -> int:
    """The page that `?p=` asks for, counted from 0; nonsense is the first."""
    text = request.query_params.get("p", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def _history(call: Call, repo_id: RepoId, asked: tuple[str, str], number: int) -> HistoryPage:
    at, rest = snapshot_at(call, repo_id, *asked, Action.LOOK)
    if rest.strip("/"):
        raise NotFound("Sorry, we can't find the page you are looking for.")
    place = Place(at.repo.repo_id, named(asked, rest))
    found = commits(call, at, page=number)
    days = groupby(found.items, key=lambda logged: logged.facts.committed_at.date())
    return HistoryPage(
        head=head_of(call, at, place.revision),
        place=place,
        refs=list_refs(call, at.repo.repo_id),
        days=tuple(Day(day, tuple(logged)) for day, logged in days),
        total=found.total,
        page=number,
        pages=-(-found.total // PAGE),
        badges=badges(call, at.repo, [logged.facts.sha for logged in found.items]),
    )


def _commit(call: Call, repo_id: RepoId, revision: str) -> CommitPage:
    at = snapshot(call, repo_id, revision)
    logged = commit_at(call, at)
    base = logged.facts.parents[0] if logged.facts.parents else None
    main = snapshot(call, at.repo.repo_id) if revision != MAIN else at
    return CommitPage(
        head=head_of(call, main, MAIN),
        place=Place(at.repo.repo_id, at.commit),
        commit=logged,
        difference=difference(at, base),
        badge=badges(call, at.repo, [logged.facts.sha]).get(logged.facts.sha),
    )
