"""What everybody may know of a person or an organisation (02 §P)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.seeing import may_see_members
from strata.accounts.profile.details import details_of
from strata.accounts.profiles import PublicProfile
from strata.community.collections.queries import upvotes_received
from strata.community.discussions.authored import count_discussions
from strata.community.follows import queries as follows
from strata.core.call import Call
from strata.core.names import RepoType
from strata.organizations import queries as organizations
from strata.organizations.record import Organization
from strata.repos.liking import likes
from strata.repos.owning.counts import counts_by_type
from strata.web import respond
from strata.web.api.people.faces import (
    Json,
    avatar_url,
    face_of,
    named_anybody,
    named_organization,
    named_person,
    organizations_json,
    people_json,
)
from strata.web.paths import Route
from strata.web.work import read

_PY = "huggingface_hub ≥ 0.23"
# Wire name → what the profile calls it.
_SITES = {"github": "github", "twitter": "x", "linkedin": "linkedin", "bluesky": "bluesky"}


async def person(request: Request) -> Response:
    """GET /api/users/{name}/overview"""
    return respond.json(
        await read(request, lambda call: _person(call, named_person(call, request)))
    )


async def organization(request: Request) -> Response:
    """GET /api/organizations/{name}/overview"""
    return respond.json(
        await read(request, lambda call: _organization(call, named_organization(call, request)))
    )


async def avatar(request: Request) -> Response:
    """GET /api/users/{name}/avatar, /api/organizations/{name}/avatar, /api/avatars/{name}"""
    url = await read(request, lambda call: avatar_url(call, named_anybody(call, request).public_id))
    if respond.flag(request, "redirect"):
        return Response(status_code=307, headers={"Location": url})
    return respond.json({"avatarUrl": url})


async def socials(request: Request) -> Response:
    """GET /api/users/{name}/socials, /api/organizations/{name}/socials"""
    return respond.json(await read(request, lambda call: _socials(call, request)))


def _person(call: Call, found: PublicProfile) -> Json:
    (shown,) = people_json(call, [face_of(found)])
    belongs = (held.organization for held in organizations.memberships_of(call, found.id))
    known = [one for one in belongs if may_see_members(call.actor, one)]
    return {
        **shown,
        **_bio(call, found.id),
        **_repo_counts(call, found.id),
        "numDiscussions": count_discussions(call, found.id),
        "numPapers": 0,
        "numUpvotes": upvotes_received(call, found.id),
        "numLikes": likes.count_liked(call, found.id),
        "numFollowing": follows.count_following(call, found.id),
        "numFollowers": follows.count_followers(call, found.id),
        "orgs": organizations_json(call, known),
        "createdAt": respond.moment(found.created_at),
    }


def _organization(call: Call, found: Organization) -> Json:
    (shown,) = organizations_json(call, [found])
    members = (
        {"numUsers": organizations.count_shown_members(call, found.id)}
        if may_see_members(call.actor, found)
        else {}
    )
    return {
        **shown,
        **members,
        **_repo_counts(call, found.id),
        "numFollowers": follows.count_followers(call, found.id),
        "numPapers": 0,
    }


def _socials(call: Call, request: Request) -> Json:
    found = named_anybody(call, request)
    said = details_of(call, found.id)
    handles = ((name, getattr(said, site)) for name, site in _SITES.items())
    return {
        "_id": found.public_id,
        "socialHandles": {name: handle for name, handle in handles if handle},
    }


def _bio(call: Call, namespace_id: int) -> Json:
    bio = details_of(call, namespace_id).bio
    return {"details": bio} if bio else {}


def _repo_counts(call: Call, namespace_id: int) -> Json:
    counts = counts_by_type(call, namespace_id)
    return {
        "numModels": counts[RepoType.MODEL],
        "numDatasets": counts[RepoType.DATASET],
        "numSpaces": counts[RepoType.SPACE],
    }


ROUTES = (
    Route(("GET",), "/api/users/{name}/overview", person, _PY),
    Route(("GET",), "/api/users/{name}/avatar", avatar, "pages"),
    Route(("GET",), "/api/users/{name}/socials", socials, "pages"),
    Route(("GET",), "/api/organizations/{name}/overview", organization, _PY),
    Route(("GET",), "/api/organizations/{name}/avatar", avatar, "pages"),
    Route(("GET",), "/api/organizations/{name}/socials", socials, "pages"),
    Route(("GET",), "/api/avatars/{name}", avatar, "pages"),
)
