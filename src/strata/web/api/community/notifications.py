"""The caller's notifications about discussions (02 §O).

The Hub's shape has a place for discussions only; the page shows the others too. Posts and papers,
by which the Hub lets a list be narrowed, are not kept here: nothing is about one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.community.inbox import reading
from strata.community.inbox.acts import Act, act_on_discussions
from strata.community.inbox.reading import PAGE, Counts
from strata.community.inbox.record import IN_THREAD, Filter, Notification, Show
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoId, RepoType
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import json_of, read, work

_MENTIONS: Final = {
    "": Show.ALL,
    "all": Show.ALL,
    "participating": Show.PARTICIPATING,
    "mentions": Show.MENTIONS,
}
_NOT_KEPT: Final = ("postAuthor", "paperId")
CLIENTS: Final = "scripts"


class Those(msgspec.Struct, rename="camel"):
    """DELETE /api/notifications."""

    discussion_ids: list[str]


class Marked(msgspec.Struct, rename="camel"):
    """POST /api/notifications/mark-as-read."""

    discussion_ids: list[str]
    read: bool = True


async def listed(request: Request) -> Response:
    """GET /api/notifications"""
    wanted, start = _filter(request), (count_of(request, "p") or 0) * PAGE
    nothing = any(request.query_params.get(name) for name in _NOT_KEPT)

    def act(call: Call) -> tuple[list[Notification], Counts]:
        counts = reading.counts(call, wanted)
        if nothing:
            return [], Counts(0, counts.unread, counts.all)
        return reading.numbered(call, wanted, start=start, limit=PAGE), counts

    rows, counts = await read(request, act)
    count = {"view": counts.view, "unread": counts.unread, "all": counts.all}
    shapes = [_shape(one) for one in rows]
    return respond.json({"notifications": shapes, "count": count, "start": start})


async def delete(request: Request) -> Response:
    """DELETE /api/notifications"""
    body = await json_of(request, Those)
    await work(request, lambda work: act_on_discussions(work, Act.DONE, body.discussion_ids))
    return respond.ok()


async def mark(request: Request) -> Response:
    """POST /api/notifications/mark-as-read"""
    body = await json_of(request, Marked)
    act = Act.READ if body.read else Act.UNREAD
    await work(request, lambda work: act_on_discussions(work, act, body.discussion_ids))
    return respond.ok()


def _filter(request: Request) -> Filter:
    mention = request.query_params.get("mention", "")
    status = request.query_params.get("readStatus", "")
    if mention not in _MENTIONS:
        raise Malformed('"mention" must be one of [all, participating, mentions].')
    if status not in ("", "all", "unread"):
        raise Malformed('"readStatus" must be one of [all, unread].')
    kind, name = _kind(request), request.query_params.get("repoName", "")
    return Filter(
        _MENTIONS[mention],
        repo=RepoId.parse(kind or RepoType.MODEL, name) if name else None,
        kind=kind,
        unread=status == "unread",
        discussions=True,
        since=_since(request),
    )


def _kind(request: Request) -> RepoType | None:
    text = request.query_params.get("repoType", "")
    if text and text not in list(RepoType):
        raise Malformed(f'"repoType" must be one of [{", ".join(RepoType)}].')
    return RepoType(text) if text else None


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("lastUpdate", "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed('"lastUpdate" must be a moment such as 2026-11-26T08:00:00Z.') from error


def _shape(one: Notification) -> dict[str, object]:
    shape: dict[str, object] = {
        "type": "repo",
        "updatedAt": respond.moment(one.at),
        "read": not one.unread,
    }
    if one.place is not None:
        repo = one.place.repo_id
        shape["repo"] = {"name": repo.full_name, "type": repo.type.value, "id": one.place.key}
    if one.thread is not None:
        shape["discussion"] = {
            "id": one.thread.key,
            "num": one.thread.number,
            "title": one.thread.title,
            "status": one.thread.status,
            "participating": one.reason in IN_THREAD,
            "isPullRequest": one.thread.is_pull_request,
        }
    return shape


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/notifications", listed, CLIENTS),
    Route(("DELETE",), "/api/notifications", delete, CLIENTS),
    Route(("POST",), "/api/notifications/mark-as-read", mark, CLIENTS),
)
