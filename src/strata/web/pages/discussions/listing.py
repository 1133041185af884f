"""The discussions and pull requests of a repo: the list, and how one is opened (product P36)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast, get_args

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.community.discussions import queries
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.queries import Filter, Kind, Sort, Status
from strata.community.discussions.reading import PAGE, Listing, list_discussions
from strata.community.discussions.rights import community_of
from strata.community.discussions.texts import previewed
from strata.content.snapshot import MAIN, snapshot, snapshot_of
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.core.names import RepoId
from strata.web.pages.discussions.forms import (
    LONGEST_FORM,
    faults_of,
    in_reach,
    is_preview,
    require_text,
    require_title,
)
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.media import media_headers
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.repo.history import page_number
from strata.web.pages.words.language import N_
from strata.web.work import hub_of, repo_of

STATUSES: Final = ("open", "closed", "draft", "merged", "all")
SORTS: Final[Mapping[str, str]] = {
    "recently-created": N_("Newest"),
    "recently-updated": N_("Recent activity"),
    "comments": N_("Most commented"),
    "reactions": N_("Most reactions"),
}
_LONGEST_WORDS: Final = 200  # characters of a search that are heard


@dataclass(frozen=True, slots=True)
class DiscussionsPage:
    """All that the list shows."""

    head: RepoHead
    listing: Listing | None  # None: discussions are switched off here
    wanted: Filter
    page: int  # counted from 0
    counts: Mapping[str, int]  # open and closed ones under the other filters

    @property
    def pages(self) -> int:
        return -(-self.listing.total // PAGE) if self.listing else 0

    @property
    def query(self) -> Mapping[str, str | None]:
        """The filters as an address says them; what is usual is left out."""
        wanted = self.wanted
        return {
            "status": None if wanted.status == "open" else wanted.status,
            "type": None if wanted.kind == "all" else wanted.kind,
            "author": wanted.author,
            "q": wanted.words or None,
            "sort": None if wanted.sort == "recently-created" else wanted.sort,
        }


@dataclass(frozen=True, slots=True)
class NewPage:
    """All that the form for a new discussion or pull request shows."""

    head: RepoHead
    is_pull_request: bool
    given: Mapping[str, str]
    preview: Markup | None


async def page(request: Request) -> Response:
    """GET /{repo}/discussions — `?status=`, `?type=`, `?author=`, `?q=`, `?sort=`, `?p=` from 0."""
    wanted, number = _wanted(request), page_number(request)
    visit, found = await visiting(
        request, lambda call: _list(call, repo_of(request), wanted, number)
    )
    return shown(request, "repos/discussions.html", visit, page=found, head=found.head, sorts=SORTS)


async def new(request: Request) -> Response:
    """GET /{repo}/discussions/new — `?type=pull_request` opens one of those."""
    given = {"type": request.query_params.get("type", "discussion")}
    visit, found = await visiting(request, lambda call: _new(call, repo_of(request), given))
    return _new_shown(request, visit, found, {})


async def open_new(request: Request) -> Response:
    """POST /{repo}/discussions/new"""
    form = await form_of(request, LONGEST_FORM)
    repo_id = repo_of(request)
    if is_preview(form):
        visit, found = await submitted(
            request, form, lambda call, sent: _new(call, repo_id, sent, preview=True)
        )
        return _new_shown(request, visit, found, {})
    try:
        _, onward = await submitted(request, form, lambda call, sent: _opened(call, repo_id, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _new(call, repo_id, form))
        return _new_shown(request, visit, found, error.fields)
    return redirected(request, onward)


def _wanted(request: Request) -> Filter:
    """The filters of an address; a word that is not known is as good as none."""
    query = request.query_params
    kind, status = query.get("type", "all"), query.get("status", "open")
    sort = query.get("sort", "recently-created")
    return Filter(
        kind=cast("Kind", kind if kind in get_args(Kind) else "all"),
        status=cast("Status", status if status in STATUSES else "open"),
        author=query.get("author", "").strip()[:_LONGEST_WORDS] or None,
        words=query.get("q", "").strip()[:_LONGEST_WORDS],
        sort=cast("Sort", sort if sort in SORTS else "recently-created"),
        pinned_first=True,
    )


def _list(call: Call, repo_id: RepoId, wanted: Filter, number: int) -> DiscussionsPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    head = head_of(call, at, MAIN)
    if at.repo.discussions_disabled:
        return DiscussionsPage(head, None, wanted, 0, {})
    listed = list_discussions(call, at.repo.repo_id, wanted, page=number)
    everything = Filter(wanted.kind, "all", wanted.author, wanted.words)
    closed = listed.closed
    counts = {"open": queries.count(call, at.repo.id, everything) - closed, "closed": closed}
    return DiscussionsPage(head, listed, wanted, number, counts)


def _new(call: Call, repo_id: RepoId, given: Form, *, preview: bool = False) -> NewPage:
    repo = community_of(call, repo_id)
    pull = given.get("type") == "pull_request"
    admit(call, Action.PROPOSE if pull else Action.DISCUSS, repo)
    head = head_of(call, snapshot_of(call, repo, MAIN), MAIN)
    html = previewed(call, repo, require_text(given, "description")) if preview else None
    return NewPage(head, pull, given, in_reach(html) if html is not None else None)


def _opened(call: Call, repo_id: RepoId, form: Form) -> str:
    """Open what was asked for; the address that shows it."""
    opened = open_discussion(
        call,
        repo_id,
        require_title(form),
        require_text(form, "description"),
        pull_request=form.get("type") == "pull_request",
    )
    return f"{Place(opened.repo.repo_id, MAIN).home}/discussions/{opened.number}"


def _new_shown(
    request: Request, visit: Visit, found: NewPage, faults: Mapping[str, tuple[str, ...]]
) -> Response:
    return shown(
        request,
        "repos/discussion_new.html",
        visit,
        status=400 if faults else 200,
        headers=media_headers(hub_of(request)),
        page=found,
        head=found.head,
        errors=faults_of(visit, faults),
    )
