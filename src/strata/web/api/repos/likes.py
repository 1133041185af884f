"""Likes: give and take back, who likes a repo, what somebody likes (02 §J)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.repos.liking import likes
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.people.faces import named_person
from strata.web.api.people.follows import listed
from strata.web.paths import Route
from strata.web.work import read, repo_of, work


async def like(request: Request) -> Response:
    """POST /api/{type}/{repo}/like"""
    await work(request, lambda work: likes.like(work, repo_of(request)))
    return respond.ok()


async def unlike(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/like"""
    await work(request, lambda work: likes.unlike(work, repo_of(request)))
    return respond.ok()


async def likers(request: Request) -> Response:
    """GET /api/{type}/{repo}/likers"""
    window = window_of(request, 2)
    repo_id = repo_of(request)
    return await listed(
        request, lambda call: likes.likers(call, lookup(call, repo_id, Action.LOOK), window)
    )


async def liked(request: Request) -> Response:
    """GET /api/users/{name}/likes"""
    window = window_of(request, 2)
    page = await read(
        request, lambda call: likes.liked_by(call, named_person(call, request).id, window)
    )
    items = [
        {
            "createdAt": respond.moment(one.at),
            "repo": {"name": one.repo_id.full_name, "type": one.repo_id.type.value},
        }
        for one in page.rows
    ]
    return respond.json(items, headers=next_link(request, page))


ROUTES = (
    Route(("POST",), "/api/{type}/{repo}/like", like, "huggingface_hub 0.12 to 0.26, pages"),
    Route(("DELETE",), "/api/{type}/{repo}/like", unlike, "huggingface_hub: unlike"),
    Route(("GET",), "/api/{type}/{repo}/likers", likers, "huggingface_hub: list_repo_likers"),
    Route(("GET",), "/api/users/{name}/likes", liked, "huggingface_hub: list_liked_repos"),
)
