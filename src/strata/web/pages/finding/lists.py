"""The list of each kind of repo; parameters are those of the public Hub's pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.names import RepoType
from strata.search.facets import facets
from strata.search.listing import Listed, count, listing
from strata.search.query import Query
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.words.language import N_

PER_PAGE: Final = 30
MAX_FILTERS: Final = 20
_SDK: Final = "other"  # Spaces are filtered by their SDK as by any other tag
_LONGEST_WORD: Final = 200  # characters of a filter that are heard

# What an address says → the order's name on the wire, and what it is called.
SORTS: Final = {
    "trending": ("trendingScore", N_("Trending")),
    "likes": ("likes", N_("Most likes")),
    "downloads": ("downloads", N_("Most downloads")),
    "created": ("createdAt", N_("Recently created")),
    "modified": ("lastModified", N_("Recently updated")),
}
_SAME: Final = {wire: name for name, (wire, _) in SORTS.items()}  # the API's words work too

# Parameters that are filters, and what their values begin with in the index of tags.
_PLAIN: Final = {"pipeline_tag": "", "library": "", "other": "", "filter": "", "language": ""}
_PREFIXED: Final = {"license": "license:", "dataset": "dataset:", "base_model": "base_model:"}
_OF_DATASETS: Final = {
    "language": "language:",
    "task_categories": "task_categories:",
    "task_ids": "task_ids:",
    "size_categories": "size_categories:",
}
# Facets offered beside a list: the parameter and what it is called.
_FACETS: Final = {
    RepoType.MODEL: (
        ("pipeline_tag", N_("Tasks")),
        ("library", N_("Libraries")),
        ("language", N_("Languages")),
        ("license", N_("Licences")),
    ),
    RepoType.DATASET: (
        ("task_categories", N_("Tasks")),
        ("size_categories", N_("Sizes")),
        ("language", N_("Languages")),
        ("license", N_("Licences")),
    ),
    RepoType.SPACE: (("other", "SDK"),),
    RepoType.KERNEL: (("library", N_("Libraries")), ("license", N_("Licences"))),
    RepoType.BUCKET: (),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter that is on."""

    parameter: str
    value: str  # as the address has it
    tag: str  # as the index has it

    @property
    def text(self) -> str:
        """The value without the prefix that repeats the parameter."""
        return self.value.removeprefix(f"{self.parameter}:")


@dataclass(frozen=True, slots=True)
class Facet:
    """Filters that would narrow the list, taken from what it shows."""

    label: str  # marked for translation
    parameter: str
    values: tuple[tuple[str, int | None], ...]  # and how many repos have it, when that is known


@dataclass(frozen=True, slots=True)
class RepoList:
    """What the page shows."""

    kind: RepoType
    rows: tuple[Listed, ...]
    total: int
    cursor: str | None
    first: bool  # not reached by a cursor
    search: str
    author: str
    sort: str  # a key of SORTS
    chosen: tuple[Chosen, ...]
    facets: tuple[Facet, ...]
    sorts: tuple[tuple[str, str], ...]

    @property
    def filtered(self) -> bool:
        return bool(self.chosen or self.search or self.author)


async def models(request: Request) -> Response:
    """GET /models"""
    return await _list(request, RepoType.MODEL)


async def datasets(request: Request) -> Response:
    """GET /datasets"""
    return await _list(request, RepoType.DATASET)


async def spaces(request: Request) -> Response:
    """GET /spaces"""
    return await _list(request, RepoType.SPACE)


async def kernels(request: Request) -> Response:
    """GET /kernels"""
    return await _list(request, RepoType.KERNEL)


async def buckets(request: Request) -> Response:
    """GET /buckets"""
    return await _list(request, RepoType.BUCKET)


async def _list(request: Request, kind: RepoType) -> Response:
    parameters = request.query_params
    visit, listed = await visiting(request, lambda call: _listed(call, kind, parameters))
    return shown(request, "repos/list.html", visit, listed=listed)


def _listed(call: Call, kind: RepoType, parameters: QueryParams) -> RepoList:
    chosen = tuple(_chosen(kind, parameters))[:MAX_FILTERS]
    search = parameters.get("search", "").strip()[:_LONGEST_WORD]
    author = parameters.get("author", "").strip()[:_LONGEST_WORD]
    sort = _sort(parameters.get("sort", ""))
    query = Query(
        type=kind,
        search=tuple(search.split()),
        author=author or None,
        tags=tuple(filter_.tag for filter_ in chosen),
        sort=SORTS[sort][0],
        limit=PER_PAGE,
        cursor=parameters.get("cursor") or None,
    )
    page = listing(call, query)
    return RepoList(
        kind=kind,
        rows=tuple(page.rows),
        total=count(call, query),
        cursor=page.cursor,
        first=query.cursor is None,
        search=search,
        author=author,
        sort=sort,
        chosen=chosen,
        facets=tuple(_facets(call, query, page.rows, chosen)),
        sorts=tuple((name, title) for name, (_, title) in SORTS.items()),
    )


def _sort(asked: str) -> str:
    name = _SAME.get(asked, asked)
    return name if name in SORTS else "trending"


def _chosen(kind: RepoType, parameters: QueryParams) -> Iterator[Chosen]:
    for name, prefix in _prefixes(kind).items():
        for value in parameters.getlist(name):
            word = value.strip()[:_LONGEST_WORD]
            if word:
                yield Chosen(name, word, f"{prefix}{word.removeprefix(prefix)}")


def _prefixes(kind: RepoType) -> dict[str, str]:
    of_kind = _OF_DATASETS if kind is RepoType.DATASET else {}
    return {**_PLAIN, **_PREFIXED, **of_kind}


def _facets(
    call: Call, query: Query, rows: list[Listed], chosen: tuple[Chosen, ...]
) -> Iterator[Facet]:
    """The most frequent values under the filters that are on, without those."""
    prefixes = _prefixes(query.type)
    on = {filter_.tag.lower() for filter_ in chosen}
    offered = [parameter for parameter, _ in _FACETS[query.type] if parameter != _SDK]
    found = facets(call, query, offered, 2 * MAX_FILTERS)
    for parameter, label in _FACETS[query.type]:
        values = [(tag.label, tag.count) for tag in found.get(parameter, ())]
        values += [(word, None) for word in _sdks(rows)] if parameter == _SDK else []
        fresh = [one for one in values if f"{prefixes[parameter]}{one[0]}".lower() not in on]
        if fresh:
            yield Facet(label, parameter, tuple(fresh[:MAX_FILTERS]))


def _sdks(rows: list[Listed]) -> list[str]:
    """What the Spaces shown are made with."""
    return sorted({row.repo.sdk for row in rows if row.repo.sdk})
