"""What there is to find: tags by kind, what is trending, and a quick search (02 §C, §V)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.naming import names
from strata.accounts.profiles import public_profile
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.organizations import queries as organizations
from strata.search.facets import KINDS, Tag, tags_by_kind, trending
from strata.search.listing import count, listing
from strata.search.query import LONGEST_TERM, Query
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.api.repos.shapes import expanded
from strata.web.paths import Route
from strata.web.work import json_of, read

_MOST: Final = 20
_DEFAULT: Final = 10
_LISTED: Final = (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE)
_PEOPLE: Final = ("user", "org")
_BRIEF: Final = (
    "author", "downloads", "gated", "lastModified", "likes", "pipeline_tag", "private",
    "trendingScore",
)  # fmt: skip


async def model_tags(request: Request) -> Response:
    """GET /api/models-tags-by-type"""
    return await _tags(request, RepoType.MODEL)


async def dataset_tags(request: Request) -> Response:
    """GET /api/datasets-tags-by-type"""
    return await _tags(request, RepoType.DATASET)


async def _tags(request: Request, repo_type: RepoType) -> Response:
    kinds = [kind for kind in respond.many(request, "type") if kind]
    for kind in kinds:
        if kind not in KINDS[repo_type]:
            raise Malformed(f'"type" must be one of [{", ".join(KINDS[repo_type])}]')
    found = await read(request, lambda call: tags_by_kind(call, repo_type, kinds))
    return respond.json({kind: [_tag(tag) for tag in tags] for kind, tags in found.items()})


def _tag(tag: Tag) -> dict[str, object]:
    return {"id": tag.tag, "label": tag.label, "type": tag.kind, "count": tag.count}


async def trending_repos(request: Request) -> Response:
    """GET /api/trending"""
    types = _types([request.query_params.get("type") or "all"])
    limit = _bounded(count_of(request, "limit"))
    rows = await read(request, lambda call: trending(call, types, limit))
    found = [{"repoType": row.repo.type.value, "repoData": expanded(row, _BRIEF)} for row in rows]
    return respond.json({"recentlyTrending": found})


class QuickBody(msgspec.Struct):
    """POST /api/quicksearch."""

    q: str = ""
    type: str | list[str] | None = None
    limit: int | None = None


async def quicksearch(request: Request) -> Response:
    """GET /api/quicksearch?q="""
    limit = count_of(request, "limit")
    asked = QuickBody(request.query_params.get("q", ""), respond.many(request, "type"), limit)
    return await _quick(request, asked)


async def quicksearch_by_body(request: Request) -> Response:
    """POST /api/quicksearch"""
    return await _quick(request, await json_of(request, QuickBody))


async def _quick(request: Request, asked: QuickBody) -> Response:
    words = asked.q.strip()
    if len(words) > LONGEST_TERM:
        raise Malformed(f'"q" may have {LONGEST_TERM} characters.')
    given = [asked.type] if isinstance(asked.type, str) else asked.type or []
    kinds = [kind for kind in given if kind not in _PEOPLE]
    types = _types(kinds) if kinds or not given else ()
    people = [kind for kind in _PEOPLE if not given or kind in given or "all" in given]
    limit = _bounded(asked.limit)
    found = await read(
        request,
        lambda call: _repos(call, words, types, limit) | _people(call, words, people, limit),
    )
    return respond.json({"q": words, **found})


def _repos(call: Call, words: str, types: Sequence[RepoType], limit: int) -> dict[str, object]:
    """The repos whose names hold all the words, the most wanted first."""
    found: dict[str, object] = {}
    for repo_type in types:
        query = Query(type=repo_type, search=tuple(words.split()), limit=limit)
        page = listing(call, query)
        found[repo_type.plural] = [expanded(row, _BRIEF) for row in page.rows]
        total = count(call, query) if page.cursor else len(page.rows)
        found[f"{repo_type.plural}Count"] = total
    return found


def _people(call: Call, words: str, kinds: Sequence[str], limit: int) -> dict[str, object]:
    """People and organisations whose names begin so."""
    found: dict[str, list[dict[str, object]]] = {f"{kind}s": [] for kind in kinds}
    for place in names.beginning(call, words, 2 * limit) if words and kinds else ():
        shelf = found.get("users" if place.kind == "user" else "orgs")
        shown = _shown(call, place)
        if shelf is not None and shown is not None and len(shelf) < limit:
            shelf.append(shown)
    return {**found, **{f"{name}Count": len(shelf) for name, shelf in found.items()}}


def _shown(call: Call, place: names.Namespace) -> dict[str, object] | None:
    """What everybody may know of a person or an organisation; None when that is nothing."""
    if place.kind == "user":
        person = public_profile(call, place.name)
        if person is None:
            return None
        fullname, key = person.full_name, person.public_id
    else:
        organization = organizations.by_name(call, place.name)
        if organization is None:
            return None
        fullname, key = organization.full_name, organization.public_id
    name = "user" if place.kind == "user" else "name"
    return {"_id": key, name: place.name, "fullname": fullname, "type": place.kind}


def _types(given: Sequence[str]) -> tuple[RepoType, ...]:
    """Which types are asked for; none named means all.

    Raises:
        Malformed: something else is.
    """
    if not given or "all" in given:
        return _LISTED
    for kind in given:
        if kind not in _LISTED:
            raise Malformed(f'"type" must be one of [all, {", ".join(_LISTED)}]')
    return tuple(RepoType(kind) for kind in given)


def _bounded(limit: int | None) -> int:
    return max(1, min(_DEFAULT if limit is None else limit, _MOST))


ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/models-tags-by-type", model_tags, "huggingface_hub: model tags"),
    Route(("GET",), "/api/datasets-tags-by-type", dataset_tags, "huggingface_hub: dataset tags"),
    Route(("GET",), "/api/trending", trending_repos, "public API"),
    Route(("GET",), "/api/quicksearch", quicksearch, "public API: search boxes"),
    Route(("POST",), "/api/quicksearch", quicksearch_by_body, "public API: search boxes"),
)
