"""Lists of models, datasets, spaces and kernels (02 §C)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.search.listing import MAX_PAGE, Listed, Query, listing
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.api.shapes import EXPANDABLE, expanded, minimal
from strata.web.paths import Route
from strata.web.work import exchange, read


async def models(request: Request) -> Response:
    """GET /api/models"""
    return await _list(request, RepoType.MODEL)


async def datasets(request: Request) -> Response:
    """GET /api/datasets"""
    return await _list(request, RepoType.DATASET)


async def spaces(request: Request) -> Response:
    """GET /api/spaces"""
    return await _list(request, RepoType.SPACE)


async def kernels(request: Request) -> Response:
    """GET /api/kernels"""
    return await _list(request, RepoType.KERNEL)


async def _list(request: Request, repo_type: RepoType) -> Response:
    query = _query(request, repo_type)
    fields = _fields(request, repo_type)
    page = await read(request, lambda call: listing(call, query))
    items = [_item(row, fields) for row in page.rows]
    # A limit is also the total that the caller wants; without one the pages go on.
    link = respond.next_link(request, exchange(request).origin.base_url, page.cursor)
    return respond.json(items, headers=link)


def _item(row: Listed, fields: tuple[str, ...] | None) -> dict[str, object]:
    return minimal(row) if fields is None else expanded(row, fields)


def _query(request: Request, repo_type: RepoType) -> Query:
    parameters = request.query_params
    words = [*parameters.getlist("search"), *parameters.getlist("dataset_name")]
    return Query(
        type=repo_type,
        search=tuple(word for word in words if word),
        author=parameters.get("author") or None,
        tags=_tags(request),
        sort=parameters.get("sort") or "trendingScore",
        descending=_descending(parameters.get("direction")),
        limit=_limit(request),
        cursor=parameters.get("cursor"),
        with_files=respond.flag(request, "full") or "siblings" in respond.many(request, "expand"),
    )


def _tags(request: Request) -> tuple[str, ...]:
    """Every filter is a tag; clients of 2022 joined several with commas."""
    given = [*respond.many(request, "filter"), *respond.many(request, "tags")]
    tags = [tag.strip() for value in given for tag in value.split(",")]
    tags += [*respond.many(request, "pipeline_tag"), *respond.many(request, "library")]
    return tuple(tag for tag in tags if tag)


def _descending(direction: str | None) -> bool:
    if direction not in (None, "", "-1", "1"):
        raise Malformed('"direction" must be -1 or 1')
    return direction != "1"


def _limit(request: Request) -> int:
    limit = count_of(request, "limit")
    return MAX_PAGE if limit is None else limit


def _fields(request: Request, repo_type: RepoType) -> tuple[str, ...] | None:
    """Which fields are wanted; None for the short item."""
    wanted = respond.many(request, "expand")
    if wanted:
        return EXPANDABLE[repo_type].checked(wanted)
    extra = [name for name in ("config", "cardData") if respond.flag(request, name)]
    if respond.flag(request, "full"):
        return EXPANDABLE[repo_type].full
    return (*EXPANDABLE[repo_type].brief, *extra) if extra else None


ROUTES = (
    Route(("GET",), "/api/models", models, "all: list_models"),
    Route(("GET",), "/api/datasets", datasets, "all: list_datasets"),
    Route(("GET",), "/api/spaces", spaces, "all: list_spaces"),
    Route(("GET",), "/api/kernels", kernels, "huggingface_hub ≥ 1.10"),
)
