"""Who follows whom: lists, follow and unfollow (02 §P)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.people import Face
from strata.community.follows import follow as acts, queries
from strata.core.call import Call, Work
from strata.lib.db.seek import Page
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.people.faces import (
    named_anybody,
    named_organization,
    named_person,
    people_json,
)
from strata.web.paths import Route
from strata.web.work import read, work

_PY = "huggingface_hub ≥ 0.24"


async def followers_of_person(request: Request) -> Response:
    """GET /api/users/{name}/followers"""
    window = window_of(request, 1)
    return await listed(
        request,
        lambda call: queries.followers(call, named_person(call, request).id, window),
    )


async def followers_of_organization(request: Request) -> Response:
    """GET /api/organizations/{name}/followers"""
    window = window_of(request, 1)
    return await listed(
        request,
        lambda call: queries.followers(call, named_organization(call, request).id, window),
    )


async def following(request: Request) -> Response:
    """GET /api/users/{name}/following"""
    window = window_of(request, 1)
    return await listed(
        request,
        lambda call: queries.following(call, named_person(call, request).id, window),
    )


async def follow(request: Request) -> Response:
    """POST /api/users/{name}/follow, /api/organizations/{name}/follow"""

    def act(within: Work) -> None:
        acts.follow(within, named_anybody(within, request).id)

    await work(request, act)
    return respond.ok()


async def unfollow(request: Request) -> Response:
    """DELETE /api/users/{name}/follow, /api/organizations/{name}/follow"""

    def act(within: Work) -> None:
        acts.unfollow(within, named_anybody(within, request).id)

    await work(request, act)
    return respond.ok()


async def listed(request: Request, act: Callable[[Call], Page[Face]]) -> Response:
    """Answer with a page of people."""

    def within(call: Call) -> tuple[Page[Face], list[dict[str, object]]]:
        page = act(call)
        return page, people_json(call, page.rows)

    page, items = await read(request, within)
    return respond.json(items, headers=next_link(request, page))


ROUTES = (
    Route(("GET",), "/api/users/{name}/followers", followers_of_person, _PY),
    Route(("GET",), "/api/users/{name}/following", following, _PY),
    Route(("POST",), "/api/users/{name}/follow", follow, "pages, scripts"),
    Route(("DELETE",), "/api/users/{name}/follow", unfollow, "pages, scripts"),
    Route(("GET",), "/api/organizations/{name}/followers", followers_of_organization, _PY),
    Route(("POST",), "/api/organizations/{name}/follow", follow, "pages, scripts"),
    Route(("DELETE",), "/api/organizations/{name}/follow", unfollow, "pages, scripts"),
)
