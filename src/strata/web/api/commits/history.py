"""The history of a revision (02 §E)."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.authors import Author
from strata.content.reading.history import Commits, Logged, commits as log
from strata.content.snapshot import snapshot_at
from strata.core.call import Call
from strata.core.errors import RevisionNotFound
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.paths import Route
from strata.web.work import exchange, field, read, repo_of


async def commits(request: Request) -> Response:
    """GET /api/{type}/{repo}/commits/{revision}/{path}"""
    found = await read(request, lambda call: _commits(call, request))
    base_url = exchange(request).origin.base_url
    formatted = "formatted" in respond.many(request, "expand")
    headers = respond.next_link(request, base_url, found.cursor)
    headers["X-Total-Count"] = str(found.total)
    items = [_item(logged, base_url, formatted=formatted) for logged in found.items]
    return respond.json(items, headers=headers)


def _commits(call: Call, request: Request) -> Commits:
    revision, more = field(request, "revision"), field(request, "path")
    at, rest = snapshot_at(call, repo_of(request), revision, more, Action.LOOK)
    if rest.strip("/"):
        raise RevisionNotFound(f"{revision}/{more}")
    return log(
        call,
        at,
        limit=count_of(request, "limit"),
        page=count_of(request, "p") or 0,
        cursor=request.query_params.get("cursor"),
    )


def _item(logged: Logged, base_url: str, *, formatted: bool) -> dict[str, object]:
    facts = logged.facts
    item: dict[str, object] = {
        "id": facts.sha,
        "title": facts.title,
        "message": facts.body,
        "authors": [_author(logged.author, base_url)],
        "date": respond.moment(facts.committed_at),
        "parents": facts.parents,
    }
    if formatted:
        message = escape(facts.body).replace("\n", "<br>\n")
        item["formatted"] = {"title": escape(facts.title), "message": message}
    return item


def _author(author: Author, base_url: str) -> dict[str, str]:
    if author.public_id is None:
        return {"user": author.name}
    return {"user": author.name, "avatar": f"{base_url}/avatars/{author.public_id}.svg"}


ROUTES: tuple[Route, ...] = (
    Route(
        ("GET",),
        "/api/{type}/{repo}/commits/{revision}/{path}",
        commits,
        "all: list_repo_commits",
    ),
)
