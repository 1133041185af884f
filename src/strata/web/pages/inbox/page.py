"""The inbox: a list beside what was said last in one of its threads (product §2.6 P54).

Looking changes nothing. To open a notification is a form, which marks it and leads to `?open=`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from strata.community.inbox import badge, reading
from strata.community.inbox.reading import Preview
from strata.community.inbox.record import Filter, Notification, Show
from strata.core.call import Call
from strata.core.errors import NotFound, RepoNotFound
from strata.core.names import GIT_TYPES, RepoId, RepoType
from strata.lib.db.seek import Page, Window
from strata.web import respond
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.pages.inbox.words import REASONS, SHOWS, happened, title_of
from strata.web.work import read

HERE: Final = "/notifications"
MOST_DIGITS: Final = 18
_PREFIXED: Final = {kind.plural: kind for kind in GIT_TYPES if kind.web_prefix}


@dataclass(frozen=True, slots=True)
class Inbox:
    """What the page shows."""

    wanted: Filter
    rows: Page[Notification]
    repos: list[RepoId]  # that the list can be narrowed to
    matching: int  # rows, on all pages
    preview: Preview | None
    gone: bool = False  # what the address wants to open is not there


async def page(request: Request) -> Response:
    """GET /notifications — `?show=&repo=&after=&open=`"""
    wanted, window = filter_of(request.query_params), window_of(request, keys=2, limit=reading.PAGE)
    opened = number_in(request.query_params.get("open", ""))
    visit, inbox = await visiting(request, lambda call: _inbox(call, wanted, window, opened))
    return shown(
        request,
        "inbox/inbox.html",
        visit,
        status=404 if inbox.gone else 200,
        inbox=inbox,
        shows=SHOWS,
        reasons=REASONS,
        here=address(wanted),
        after=address_of(inbox.rows.last),
        place=address_of(window.after),
        first=window.after is None,
        repo=repo_word(wanted),
        repo_words=[repo.web_path[1:] for repo in inbox.repos],
        title_of=lambda one: title_of(visit.frame.language, one),
        happened=lambda one: happened(visit.frame.language, one),
    )


async def unread(request: Request) -> Response:
    """GET /notifications/unread — for the bell of an open page."""
    count = await read(request, badge.unread)
    return respond.json({"unread": count}, headers={"Cache-Control": NO_STORE})


def _inbox(call: Call, wanted: Filter, window: Window, opened: int | None) -> Inbox:
    user_id_of(call)
    preview, gone = None, False
    if opened is not None:
        try:
            preview = reading.preview(call, opened)
        except NotFound:
            gone = True
    return Inbox(
        wanted=wanted,
        rows=reading.listed(call, wanted, window),
        repos=reading.repos_in(call),
        matching=reading.matching(call, wanted),
        preview=preview,
        gone=gone,
    )


def filter_of(parameters: QueryParams | dict[str, str]) -> Filter:
    """Which notifications an address, or a form, asks for; nonsense is all of them."""
    show, repo = parameters.get("show", ""), parameters.get("repo", "")
    return Filter(Show(show) if show in list(Show) else Show.ALL, _repo_of(repo))


def _repo_of(word: str) -> RepoId | None:
    """Read `ana/one` or `datasets/ana/one`."""
    first, _, rest = word.partition("/")
    kind = _PREFIXED.get(first) if "/" in rest else None
    try:
        return RepoId.parse(kind or RepoType.MODEL, rest if kind else word)
    except RepoNotFound:
        return None


def repo_word(wanted: Filter) -> str:
    """How an address names the repo of a filter."""
    return wanted.repo.web_path[1:] if wanted.repo is not None else ""


def address(wanted: Filter, **more: str) -> str:
    """The page under a filter."""
    said = {"show": "" if wanted.show is Show.ALL else wanted.show.value, "repo": repo_word(wanted)}
    query = urlencode({name: value for name, value in (said | more).items() if value})
    return f"{HERE}?{query}" if query else HERE


def number_in(text: str) -> int | None:
    """The id of a notification; None where there could be none of it."""
    fits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if fits else None
