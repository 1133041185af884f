"""One discussion or pull request: its tabs, and what can be done in it (product P36)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as of, replace
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.community.discussions.queries import Event
from strata.community.discussions.reading import Details, details
from strata.community.discussions.rights import community_of
from strata.community.discussions.texts import previewed
from strata.community.pulls.commits import own_commits
from strata.community.pulls.storage import ref_bytes
from strata.content.authors import Author, author_of, authors_of
from strata.content.snapshot import MAIN, snapshot
from strata.core.call import Call
from strata.core.errors import Conflict, InvalidFields, Malformed, ParentMoved
from strata.core.names import RepoId
from strata.lib.git.model import CommitFacts
from strata.web.pages.discussions.acts import ACTS, REACTION_NAMES
from strata.web.pages.discussions.forms import (
    LONGEST_FORM,
    faults_of,
    in_reach,
    is_preview,
    require_text,
)
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.media import media_headers
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.repo.diff_view import Difference, difference
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.words.language import translated
from strata.web.work import hub_of, number_field, repo_of

MISSING: Final = "Discussion not found"
NOTHING: Final = Markup()
SHOWN: Final = 250  # events of one page, the first and the last ones
QUOTED_LINES: Final = 40  # of a comment that is answered


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the page shows it; the last three are of comments."""

    event: Event
    html: Markup = NOTHING
    history: tuple[Markup, ...] = ()  # what it said before, oldest first
    changeable: bool = False  # the viewer may edit and hide it


@dataclass(frozen=True, slots=True)
class DiscussionPage:
    """All that a tab of one discussion shows."""

    head: RepoHead
    found: Details
    place: Place  # the pull request's own ref
    tab: str  # "conversation", "commits" or "files"
    base_url: str  # of the hub as the visitor knows it
    ref_bytes: int  # that are freed when the ref is deleted
    told: tuple[Told, ...] = ()
    skipped: int = 0  # events after the first that are left out
    commits: Sequence[tuple[CommitFacts, Author]] = ()
    difference: Difference | None = None
    editing: str = ""  # key of the comment that is being edited
    given: Mapping[str, str] = of(default_factory=dict)  # what was typed and not accepted
    preview: Markup | None = None

    @property
    def has_ref(self) -> bool:
        return self.found.has_ref

    @property
    def base(self) -> str:
        """Name of the branch that a pull request goes into."""
        return (self.found.discussion.base_ref or "").removeprefix("refs/heads/")

    @property
    def address(self) -> str:
        return f"{self.place.home}/discussions/{self.found.discussion.number}"


async def conversation(request: Request) -> Response:
    """GET /{repo}/discussions/{number} — `?edit=` a comment, `?quote=` one, `?all=yes`."""
    repo_id, number = repo_of(request), number_field(request, MISSING)
    query = request.query_params
    visit, found = await visiting(
        request,
        lambda call: _conversation(
            call, repo_id, number, edit=query.get("edit", ""), quote=query.get("quote", "")
        ),
    )
    return _shown(request, visit, found if "all" in query else _shortened(found))


async def commits(request: Request) -> Response:
    """GET /{repo}/discussions/{number}/commits"""
    repo_id, number = repo_of(request), number_field(request, MISSING)
    visit, found = await visiting(request, lambda call: _commits(call, repo_id, number))
    return _shown(request, visit, found)


async def files(request: Request) -> Response:
    """GET /{repo}/discussions/{number}/files"""
    repo_id, number = repo_of(request), number_field(request, MISSING)
    visit, found = await visiting(request, lambda call: _files(call, repo_id, number))
    return _shown(request, visit, found)


async def submit(request: Request) -> Response:
    """POST /{repo}/discussions/{number} — `form` says what shall be done."""
    form = await form_of(request, LONGEST_FORM)
    repo_id, number = repo_of(request), number_field(request, MISSING)
    act = ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    if is_preview(form):
        visit, found = await submitted(
            request, form, lambda call, sent: _previewed(call, repo_id, number, sent)
        )
        return _shown(request, visit, found)
    try:
        _, onward = await submitted(
            request, form, lambda call, sent: act(call, repo_id, number, sent)
        )
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _again(call, repo_id, number, form))
        return _shown(request, visit, found, status=400, faults=error.fields)
    except (Conflict, ParentMoved) as error:
        visit, found = await visiting(request, lambda call: _again(call, repo_id, number, form))
        said = translated(visit.frame.language, error.message)
        return _shown(request, visit, found, status=409, trouble=said)
    return redirected(request, onward)


def _base(call: Call, repo_id: RepoId, number: int, tab: str) -> DiscussionPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    found = details(call, at.repo.repo_id, number)
    place = Place(at.repo.repo_id, f"refs/pr/{number}")
    head = head_of(call, at, MAIN)
    offers_deletion = found.has_ref and found.rights.moderate and not found.discussion.is_open
    freed = ref_bytes(call, at.repo.repo_id, number) if offers_deletion else 0
    return DiscussionPage(head, found, place, tab, call.origin.base_url, freed)


def _conversation(
    call: Call, repo_id: RepoId, number: int, *, edit: str = "", quote: str = ""
) -> DiscussionPage:
    page = _base(call, repo_id, number, "conversation")
    found, user_id = page.found, call.actor.user_id
    told = tuple(_told(found, event, user_id) for event in found.events)
    editing = next((one.event.key for one in told if one.changeable and one.event.key == edit), "")
    given = {}
    for event in found.events:
        if event.key == quote and event.kind == "comment" and not event.hidden:
            given["comment"] = _quoted(str(event.content["text"]))
    return replace(page, told=told, editing=editing, given=given)


def _shortened(page: DiscussionPage) -> DiscussionPage:
    """Leave out the middle of a long timeline, unless a comment there is being edited."""
    skipped = len(page.told) - SHOWN
    middle = page.told[1 : 1 + max(skipped, 0)]
    if skipped <= 0 or any(one.event.key == page.editing for one in middle):
        return page
    return replace(page, told=(page.told[0], *page.told[1 + skipped :]), skipped=skipped)


def _again(call: Call, repo_id: RepoId, number: int, form: Form) -> DiscussionPage:
    """The page with a form that could not be accepted."""
    edit = form.get("key", "") if form.get("form") == "edit" else ""
    return replace(_conversation(call, repo_id, number, edit=edit), given=form)


def _previewed(call: Call, repo_id: RepoId, number: int, form: Form) -> DiscussionPage:
    html = previewed(call, community_of(call, repo_id), require_text(form, "comment"))
    return replace(_again(call, repo_id, number, form), preview=in_reach(html))


def _commits(call: Call, repo_id: RepoId, number: int) -> DiscussionPage:
    page = _base(call, repo_id, number, "commits")
    sides = page.found.sides
    if sides is None:
        return page
    listed = own_commits(call, page.found.repo.key, sides.head.commit, sides.base)
    authors = authors_of(call, listed)
    return replace(page, commits=[(commit, author_of(authors, commit)) for commit in listed])


def _files(call: Call, repo_id: RepoId, number: int) -> DiscussionPage:
    """What changed; None of it for those who may not read the files."""
    page = _base(call, repo_id, number, "files")
    sides = page.found.sides
    if sides is None or not admits(call, Action.READ, page.found.repo):
        return page
    return replace(page, difference=difference(sides.head, sides.fork))


def _told(found: Details, event: Event, user_id: int | None) -> Told:
    if event.kind != "comment" or event.hidden:
        return Told(event)
    own = user_id is not None and event.author_id == user_id
    return Told(
        event,
        in_reach(found.html[event.key]),
        tuple(in_reach(found.html[f"{event.key}/{place}"]) for place in range(len(event.history))),
        changeable=found.rights.moderate or (own and found.rights.speak),
    )


def _quoted(text: str) -> str:
    lines = text.strip().split("\n")[:QUOTED_LINES]
    return "".join(f"> {line}\n" for line in lines) + "\n"


def _shown(
    request: Request,
    visit: Visit,
    page: DiscussionPage,
    *,
    status: int = 200,
    faults: Mapping[str, tuple[str, ...]] | None = None,
    trouble: str = "",
) -> Response:
    return shown(
        request,
        "repos/discussion.html",
        visit,
        status=status,
        headers=media_headers(hub_of(request)),
        page=page,
        head=page.head,
        errors=faults_of(visit, faults or {}),
        trouble=trouble,
        reactions=REACTION_NAMES,
    )
