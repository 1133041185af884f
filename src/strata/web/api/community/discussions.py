"""Discussions and pull requests (02 §L)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.queries import Event, Filter, Kind, Sort
from strata.community.discussions.reading import details, list_discussions, renderings
from strata.community.discussions.rights import community_of
from strata.community.pulls import merging
from strata.community.pulls.storage import ref_bytes
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, NotFound
from strata.core.names import Sha
from strata.web import respond
from strata.web.api.community.discussion_shapes import details_shape, event_shape, listing_shape
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import exchange, field, json_of, number_field, read, repo_of, work

MISSING = "Discussion not found"

Status = Literal["all", "open", "closed"]
# Words that older pages of the Hub use for the same orders.
SORTS = {"trending": "recently-updated"}


class OpenBody(msgspec.Struct, rename="camel"):
    """POST …/discussions."""

    title: str
    description: str = ""
    pull_request: bool = False


class CommentBody(msgspec.Struct):
    """POST …/comment."""

    comment: str


class EditBody(msgspec.Struct):
    """POST …/comment/{comment}/edit."""

    content: str


class ReactionBody(msgspec.Struct):
    """POST and DELETE …/comment/{comment}/reaction."""

    reaction: str


class TitleBody(msgspec.Struct):
    """POST …/title."""

    title: str


class StatusBody(msgspec.Struct):
    """POST …/status."""

    status: Literal["open", "closed"]
    comment: str | None = None


class MergeBody(msgspec.Struct, rename="camel"):
    """POST …/merge; may be empty."""

    comment: str | None = None
    commit_title: str | None = None
    commit_description: str | None = None
    head: str | None = None  # refuse to merge anything newer


class PinBody(msgspec.Struct):
    """POST …/pin."""

    pinned: bool = True


class LockBody(msgspec.Struct):
    """POST …/lock."""

    locked: bool = True


async def list_all(request: Request) -> Response:
    """GET /api/{type}/{repo}/discussions"""
    wanted = _filter(request)
    page, limit = count_of(request, "p") or 0, count_of(request, "limit")
    listing = await read(
        request,
        lambda call: list_discussions(call, repo_of(request), wanted, page=page, limit=limit),
    )
    return respond.json(listing_shape(listing, _base(request)))


async def one(request: Request) -> Response:
    """GET /api/{type}/{repo}/discussions/{number}"""
    with_diff = respond.flag(request, "diff")
    number = number_field(request, MISSING)
    found = await read(
        request, lambda call: details(call, repo_of(request), number, with_diff=with_diff)
    )
    return respond.json(details_shape(found, _base(request)))


async def create(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions"""
    body = await json_of(request, OpenBody)
    opened = await read(
        request,
        lambda call: open_discussion(
            call,
            repo_of(request),
            body.title,
            body.description,
            pull_request=body.pull_request,
        ),
    )
    page = f"{_base(request)}{opened.repo.web_path}/discussions/{opened.number}"
    return respond.json({"num": opened.number, "pullRequest": opened.is_pull_request, "url": page})


async def comment(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/comment"""
    body = await json_of(request, CommentBody)
    number = number_field(request, MISSING)
    return await _event(
        request,
        "newMessage",
        lambda call: thread.comment(call, repo_of(request), number, body.comment),
    )


async def edit(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/comment/{comment}/edit"""
    body = await json_of(request, EditBody)
    number, key = number_field(request, MISSING), _key(request)
    return await _event(
        request,
        "updatedComment",
        lambda call: thread.edit(call, repo_of(request), number, key, body.content),
    )


async def hide(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/comment/{comment}/hide"""
    number, key = number_field(request, MISSING), _key(request)
    return await _written(
        request, "updatedComment", lambda work: thread.hide(work, repo_of(request), number, key)
    )


async def react(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/comment/{comment}/reaction"""
    body = await json_of(request, ReactionBody)
    number, key, given = number_field(request, MISSING), _key(request), request.method == "POST"
    return await _written(
        request,
        "updatedComment",
        lambda work: thread.react(work, repo_of(request), number, key, body.reaction, given=given),
    )


async def rename(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/title"""
    body = await json_of(request, TitleBody)
    number = number_field(request, MISSING)
    return await _written(
        request,
        "newTitle",
        lambda work: thread.rename(work, repo_of(request), number, body.title),
    )


async def change_status(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/status"""
    body = await json_of(request, StatusBody)
    number = number_field(request, MISSING)
    return await _event(
        request,
        "newStatus",
        lambda call: thread.change_status(
            call, repo_of(request), number, body.status, body.comment
        ),
    )


async def merge(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/merge"""
    body = await json_of(request, MergeBody)
    wish = merging.Wish(
        comment=body.comment or "",
        title=body.commit_title or "",
        body=body.commit_description or "",
        head=Sha(body.head) if body.head else None,
    )
    number = number_field(request, MISSING)
    return await _event(
        request, "newStatus", lambda call: merging.merge(call, repo_of(request), number, wish)
    )


async def pin(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/pin"""
    body = await json_of(request, PinBody)
    number = number_field(request, MISSING)
    return await _written(
        request,
        "newPinning",
        lambda work: thread.pin(work, repo_of(request), number, pinned=body.pinned),
    )


async def lock(request: Request) -> Response:
    """POST /api/{type}/{repo}/discussions/{number}/lock"""
    body = await json_of(request, LockBody)
    number = number_field(request, MISSING)
    return await _written(
        request,
        "newLocking",
        lambda work: thread.lock(work, repo_of(request), number, locked=body.locked),
    )


async def storage(request: Request) -> Response:
    """GET /api/{type}/{repo}/discussions/{number}/storage"""
    number = number_field(request, MISSING)
    size = await read(request, lambda call: ref_bytes(call, repo_of(request), number))
    return respond.json({"size": size})


async def delete(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/discussions/{number}"""
    number = number_field(request, MISSING)
    await work(request, lambda work: merging.delete_discussion(work, repo_of(request), number))
    return respond.ok()


async def delete_ref(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/discussions/{number}/ref"""
    number = number_field(request, MISSING)
    await work(request, lambda work: merging.delete_ref(work, repo_of(request), number))
    return respond.ok()


def _key(request: Request) -> str:
    key = field(request, "comment").lower()
    if not key.isascii() or not key.isalnum():
        raise NotFound("Comment not found")
    return key


async def _written(request: Request, name: str, act: Callable[[Work], Event]) -> Response:
    """Run an act in a transaction and answer the event it made."""

    def within(call: Call) -> Event:
        with working(call) as transaction:
            return act(transaction)

    return await _event(request, name, within)


async def _event(request: Request, name: str, act: Callable[[Call], Event]) -> Response:
    """Run an act and answer the event it made, in the shape of every later read."""

    def within(call: Call) -> dict[str, Any]:
        event = act(call)
        html = renderings(call, community_of(call, repo_of(request)), [event])
        return event_shape(event, html, _base(request))

    return respond.json({name: await read(request, within)})


def _base(request: Request) -> str:
    return exchange(request).origin.base_url


def _filter(request: Request) -> Filter:
    query = request.query_params
    asked = query.get("sort") or "recently-created"
    kind: Kind = query.get("type") or "all"  # type: ignore[assignment]  # checked below
    status: Status = query.get("status") or "all"  # type: ignore[assignment]  # checked below
    sort: Sort = SORTS.get(asked, asked)  # type: ignore[assignment]  # checked below
    for name, value, allowed in (
        ("type", kind, Kind),
        ("status", status, Status),
        ("sort", sort, Sort),
    ):
        if value not in get_args(allowed):
            raise Malformed(f'"{name}" must be one of [{", ".join(get_args(allowed))}]')
    return Filter(kind, status, query.get("author") or None, sort=sort)


_ALL = "/api/{type}/{repo}/discussions"
_ONE = f"{_ALL}/{{number}}"
_COMMENT = f"{_ONE}/comment/{{comment}}"

ROUTES: tuple[Route, ...] = (
    Route(("GET",), _ALL, list_all, "all: get_repo_discussions"),
    Route(("POST",), _ALL, create, "all: create_discussion, create_pull_request"),
    Route(("GET",), _ONE, one, "all: get_discussion_details"),
    Route(("DELETE",), _ONE, delete, "people's own scripts"),
    Route(("POST",), f"{_ONE}/comment", comment, "all: comment_discussion"),
    Route(("POST",), f"{_COMMENT}/edit", edit, "all: edit_discussion_comment"),
    Route(("POST",), f"{_COMMENT}/hide", hide, "all: hide_discussion_comment"),
    Route(("POST", "DELETE"), f"{_COMMENT}/reaction", react, "people's own scripts"),
    Route(("POST",), f"{_ONE}/title", rename, "all: rename_discussion"),
    Route(("POST",), f"{_ONE}/status", change_status, "all: change_discussion_status"),
    Route(("POST",), f"{_ONE}/merge", merge, "all: merge_pull_request"),
    Route(("POST",), f"{_ONE}/pin", pin, "people's own scripts"),
    Route(("POST",), f"{_ONE}/lock", lock, "people's own scripts"),
    Route(("GET",), f"{_ONE}/storage", storage, "people's own scripts"),
    Route(("DELETE",), f"{_ONE}/ref", delete_ref, "people's own scripts"),
)
