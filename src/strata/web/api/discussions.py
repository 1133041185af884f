"""Discussions and pull requests, to read (02 §L)."""

from __future__ import annotations

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from strata.community.queries import Discussion, Event, Filter, Kind, Person, Status
from strata.community.reading import Details, Listing, details, list_discussions
from strata.core.errors import Malformed, NotFound
from strata.lib.markdown.render import AddressKind, TooLong, render
from strata.repos.record import Repo
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import exchange, field, read, repo_of

MAX_NUMBER_DIGITS = 9


async def list_all(request: Request) -> Response:
    """GET /api/{type}/{repo}/discussions"""
    wanted = _filter(request)
    page, limit = count_of(request, "p") or 0, count_of(request, "limit")
    listing = await read(
        request,
        lambda call: list_discussions(call, repo_of(request), wanted, page=page, limit=limit),
    )
    return respond.json(_listing(listing, exchange(request).origin.base_url))


async def one(request: Request) -> Response:
    """GET /api/{type}/{repo}/discussions/{number}"""
    number = field(request, "number")
    if not number.isascii() or not number.isdigit() or len(number) > MAX_NUMBER_DIGITS:
        raise NotFound("Discussion not found")
    with_diff = respond.flag(request, "diff")
    found = await read(
        request, lambda call: details(call, repo_of(request), int(number), with_diff=with_diff)
    )
    return respond.json(_details(found, exchange(request).origin.base_url))


def _filter(request: Request) -> Filter:
    query = request.query_params
    kind: Kind = query.get("type") or "all"  # type: ignore[assignment]  # checked below
    status: Status = query.get("status") or "all"  # type: ignore[assignment]  # checked below
    for name, value, allowed in (("type", kind, Kind), ("status", status, Status)):
        if value not in get_args(allowed):
            raise Malformed(f'"{name}" must be one of [{", ".join(get_args(allowed))}]')
    return Filter(kind, status, query.get("author") or None)


def _listing(listing: Listing, base_url: str) -> dict[str, object]:
    return {
        "discussions": [_discussion(one, listing.repo, base_url) for one in listing.discussions],
        "count": listing.total,
        "start": listing.start,
        "numClosedDiscussions": listing.closed,
    }


def _discussion(one: Discussion, repo: Repo, base_url: str) -> dict[str, object]:
    return {
        "num": one.number,
        "title": one.title,
        **_author(one.author, base_url),
        "createdAt": respond.moment(one.created_at),
        "status": one.status,
        "repo": {"name": repo.full_name, "type": repo.type.value},
        "isPullRequest": one.is_pull_request,
        "numComments": one.comments,
        "pinned": one.pinned,
    }


def _details(found: Details, base_url: str) -> dict[str, object]:
    one = found.discussion
    answer = _discussion(one, found.repo, base_url)
    answer["events"] = [_event(event, base_url) for event in found.events]
    if one.is_pull_request:
        changes = {"base": one.base_ref}
        if found.merge_commit:
            changes["mergeCommitId"] = found.merge_commit
        answer["changes"] = changes
        answer["filesWithConflicts"] = list(found.conflicts)
        answer["diffUrl"] = f"{base_url}{found.repo.web_path}/discussions/{one.number}/files"
    if found.diff is not None:
        answer["diff"] = found.diff
    return answer


def _event(event: Event, base_url: str) -> dict[str, object]:
    return {
        "id": event.key,
        "type": event.kind,
        "createdAt": respond.moment(event.created_at),
        **_author(event.author, base_url),
        "data": _comment(event) if event.kind == "comment" else dict(event.content),
    }


def _comment(event: Event) -> dict[str, object]:
    text = str(event.content.get("text", ""))
    latest: dict[str, object] = {
        "raw": text,
        "html": _html(text),
        "updatedAt": respond.moment(event.created_at),
    }
    if event.author is not None:
        latest["author"] = {"name": event.author.name}
    return {"edited": False, "hidden": False, "latest": latest, "history": [], "numEdits": 0}


def _html(text: str) -> str:
    try:
        return render(text, resolve_link=_as_written).html
    except TooLong:
        return ""


def _as_written(address: str, _kind: AddressKind) -> str:
    return address


def _author(person: Person | None, base_url: str) -> dict[str, object]:
    """The author; left out when the account is gone, since clients stumble over null."""
    if person is None:
        return {}
    avatar = f"{base_url}/avatars/{person.public_id}.svg"
    return {"author": {"name": person.name, "type": "user", "avatarUrl": avatar}}


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/discussions", list_all, "all: get_repo_discussions"),
    Route(("GET",), "/api/{type}/{repo}/discussions/{number}", one, "all: get_discussion_details"),
)
