"""Lists of models, datasets, spaces and kernels (02 §C)."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.search.family import FIELDS as FAMILY, with_family
from strata.search.listing import Listed, Page, listing
from strata.search.parameters import PARAMETERS, plain, word_for
from strata.search.query import MAX_PAGE, Query
from strata.search.saying.words import LINKED
from strata.web import respond
from strata.web.api.numbers import count_of, span_of
from strata.web.api.repos.shapes import EXPANDABLE, expanded, heavy_of, minimal
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
    fields = _fields(request, repo_type)
    query = _query(request, repo_type, heavy_of(fields or ()))
    page = await read(request, lambda call: _page(call, query, fields))
    items = [_item(row, fields) for row in page.rows]
    # A limit is also the total that the caller wants; without one the pages go on.
    link = respond.next_link(request, exchange(request).origin.base_url, page.cursor)
    return respond.json(items, headers=link)


def _page(call: Call, query: Query, fields: tuple[str, ...] | None) -> Page:
    page = listing(call, query)
    if fields is None or FAMILY.isdisjoint(fields):
        return page
    return Page([with_family(call, row, fields) for row in page.rows], page.cursor)


def _item(row: Listed, fields: tuple[str, ...] | None) -> dict[str, object]:
    return minimal(row) if fields is None else expanded(row, fields)


def _query(request: Request, repo_type: RepoType, heavy: frozenset[str]) -> Query:
    parameters = request.query_params
    words = [*parameters.getlist("search"), *parameters.getlist("dataset_name")]
    return Query(
        type=repo_type,
        search=tuple(word for word in words if word),
        author=parameters.get("author") or None,
        tags=tuple(_tags(request, repo_type)),
        gated=_gated(parameters.get("gated")),
        parameters=span_of(request, "num_parameters"),
        impossible=_served_elsewhere(request),
        sort=parameters.get("sort") or "trendingScore",
        descending=_descending(parameters.get("direction")),
        limit=_limit(request),
        cursor=parameters.get("cursor"),
        heavy=heavy,
    )


def _tags(request: Request, repo_type: RepoType) -> Iterator[str]:
    """Every filter is a word of the index; clients of 2022 joined several with commas."""
    for parameter in ("filter", "tags"):
        for value in respond.many(request, parameter):
            yield from (plain(repo_type, tag) for tag in value.split(",") if tag.strip())
    for parameter in PARAMETERS[repo_type]:
        for value in respond.many(request, parameter):
            if value.strip():
                yield word_for(repo_type, parameter, value)
    if repo_type is RepoType.SPACE and respond.flag(request, "linked"):
        yield LINKED


def _gated(text: str | None) -> bool | None:
    if not text:
        return None
    if text.lower() not in ("true", "false", "1", "0"):
        raise Malformed('"gated" must be a boolean')
    return text.lower() in ("true", "1")


def _served_elsewhere(request: Request) -> bool:
    """Whether models are asked for that some inference provider serves: none serves ours."""
    inference = request.query_params.get("inference") or ""
    if inference not in ("", "warm", "cold"):
        raise Malformed('"inference" must be one of [warm, cold]')
    return inference == "warm" or any(respond.many(request, "inference_provider"))


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
    extra = [name for name in ("config", "cardData") if respond.flag(request, name)]
    full = respond.flag(request, "full")
    if wanted:
        if extra or full:
            raise Malformed('"expand" cannot be combined with "full", "config" or "cardData"')
        return EXPANDABLE[repo_type].checked(wanted)
    if full:
        return EXPANDABLE[repo_type].full
    return (*EXPANDABLE[repo_type].brief, *extra) if extra else None


ROUTES = (
    Route(("GET",), "/api/models", models, "all: list_models"),
    Route(("GET",), "/api/datasets", datasets, "all: list_datasets"),
    Route(("GET",), "/api/spaces", spaces, "all: list_spaces"),
    Route(("GET",), "/api/kernels", kernels, "huggingface_hub ≥ 1.10"),
)
