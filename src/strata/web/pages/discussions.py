"""Pull requests of a repo, to read: the addresses that clients print lead here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import admits
from strata.access.policy import Action
from strata.community.queries import Discussion, Event, Filter, Status
from strata.community.reading import PAGE, Details, Listing, details, list_discussions
from strata.content.snapshot import MAIN, Snapshot, snapshot, snapshot_of
from strata.core.call import Call
from strata.core.errors import NotFound, RevisionNotFound
from strata.core.names import RepoId
from strata.lib.git import read as git
from strata.web.pages.card_view import markdown_of
from strata.web.pages.diff_view import Difference, difference
from strata.web.pages.history import page_number
from strata.web.pages.media import media_headers
from strata.web.pages.places import Place
from strata.web.pages.repo_head import RepoHead, head_of
from strata.web.pages.visit import shown, visiting
from strata.web.work import field, hub_of, repo_of

_NOTHING: Final = Markup()
_STATUSES: Final = ("open", "closed", "all")
_LONGEST_NUMBER: Final = 9  # digits


@dataclass(frozen=True, slots=True)
class DiscussionsPage:
    """All that the list shows."""

    head: RepoHead
    listing: Listing
    status: str
    page: int  # counted from 0
    pages: int


@dataclass(frozen=True, slots=True)
class Told:
    """An event; the comments are rendered."""

    event: Event
    html: Markup = _NOTHING


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """All that the page of one discussion shows."""

    head: RepoHead
    discussion: Discussion
    base: str  # name of the branch; empty for a discussion
    place: Place  # the pull request's own ref
    told: tuple[Told, ...]
    conflicts: tuple[str, ...]
    merge_commit: str | None
    difference: Difference | None


async def page(request: Request) -> Response:
    """GET /{repo}/discussions — `?status=open|closed|all`, `?p=` counts pages from 0."""
    asked = request.query_params.get("status", "open")
    status = asked if asked in _STATUSES else "open"
    number = page_number(request)
    visit, found = await visiting(
        request, lambda call: _list(call, repo_of(request), status, number)
    )
    return shown(request, "repos/discussions.html", visit, page=found, head=found.head)


async def thread(request: Request) -> Response:
    """GET /{repo}/discussions/{number}"""
    text = field(request, "number")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise NotFound("Discussion not found")
    visit, found = await visiting(request, lambda call: _thread(call, repo_of(request), int(text)))
    headers = media_headers(hub_of(request))
    return shown(
        request, "repos/discussion.html", visit, headers=headers, page=found, head=found.head
    )


def _list(call: Call, repo_id: RepoId, status: str, number: int) -> DiscussionsPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    wanted = Filter(status=cast("Status", status))
    listed = list_discussions(call, at.repo.repo_id, wanted, page=number)
    return DiscussionsPage(
        head_of(call, at, MAIN), listed, status, number, -(-listed.total // PAGE)
    )


def _thread(call: Call, repo_id: RepoId, number: int) -> ThreadPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    found = details(call, at.repo.repo_id, number)
    place = Place(at.repo.repo_id, f"refs/pr/{number}")
    return ThreadPage(
        head=head_of(call, at, MAIN),
        discussion=found.discussion,
        base=(found.discussion.base_ref or "").removeprefix("refs/heads/"),
        place=place,
        told=tuple(_told(place, event, call.hub.settings.prefix) for event in found.events),
        conflicts=found.conflicts,
        merge_commit=found.discussion.merge_commit,
        difference=_difference(call, at, found),
    )


def _told(place: Place, event: Event, prefix: str) -> Told:
    text = str(event.content.get("text") or "") if event.kind == "comment" else ""
    rendered = markdown_of(place, text, prefix=prefix) if text.strip() else None
    return Told(event, rendered or _NOTHING)


def _difference(call: Call, at: Snapshot, found: Details) -> Difference | None:
    """What the pull request changes since it left its base.

    None when one of them is gone, and for those who may not read the files.
    """
    if not admits(call, Action.READ, at.repo):
        return None
    if not found.discussion.is_pull_request or found.discussion.base_ref is None:
        return None
    try:
        base = snapshot_of(call, at.repo, found.discussion.base_ref)
        head = snapshot_of(call, at.repo, f"refs/pr/{found.discussion.number}")
    except RevisionNotFound:
        return None
    return difference(head, git.merge_base(head.git_path, base.commit, head.commit))
