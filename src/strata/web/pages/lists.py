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
from strata.search.listing import Listed, count, listing
from strata.search.query import Query
from strata.web.pages.language import N_
from strata.web.pages.visit import shown, visiting

PER_PAGE: Final = 30
MAX_FILTERS: Final = 20
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
    values: tuple[str, ...]


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
        facets=tuple(_facets(kind, page.rows, chosen)),
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


def _facets(kind: RepoType, rows: list[Listed], chosen: tuple[Chosen, ...]) -> Iterator[Facet]:
    """The values that occur in the rows shown and are not chosen yet."""
    prefixes = _prefixes(kind)
    on = {filter_.tag for filter_ in chosen}
    for parameter, label in _FACETS[kind]:
        words = dict.fromkeys(word for row in rows for word in _words(row, parameter, prefixes))
        values = tuple(sorted(word for word in words if f"{prefixes[parameter]}{word}" not in on))
        if values:
            yield Facet(label, parameter, values[:MAX_FILTERS])


def _words(row: Listed, parameter: str, prefixes: dict[str, str]) -> Iterator[str]:
    known = {"pipeline_tag": row.pipeline_tag, "library": row.library_name, "other": row.repo.sdk}
    if parameter in known:
        yield from (word for word in (known[parameter],) if word)
        return
    prefix = prefixes[parameter]
    yield from (tag.removeprefix(prefix) for tag in row.tags if tag.startswith(prefix))
