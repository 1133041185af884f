"""Runs the statements of the lists; each is put into words once for all questions of its shape."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

from strata.core.call import Call
from strata.core.names import RepoType
from strata.lib.db.database import Prepared
from strata.lib.db.rendered import listed, rendered
from strata.search.finding import statements
from strata.search.finding.shape import Shape, Source
from strata.search.query import Place

KEPT: Final = 512  # texts of each kind

Values = Mapping[str, object]

_TOTALS_ON_SQLITE: Final = Prepared(
    "SELECT tag, total FROM tag_counts"
    " WHERE type = :type AND tag IN (SELECT value FROM json_each(:tags))"
)
_TOTALS_ON_POSTGRESQL: Final = Prepared(
    "SELECT tag, total FROM tag_counts WHERE type = :type AND tag = ANY(:tags)"
)


def walk(call: Call, shape: Shape, values: Values, steps: int) -> list[Place]:
    """The next places among the public repos, so many steps along the order; twice after a place.

    Stretches come one behind the other, each in order.
    """
    rows = _walk(shape).rows(call.db, {**values, "steps": steps})
    return [Place(*row) for row in rows]


def collect(call: Call, shape: Shape, source: Source, values: Values) -> list[Place]:
    """The next places among the visible repos of a source."""
    return [Place(*row) for row in _collect(shape, source).rows(call.db, values)]


def collect_few(
    call: Call, shape: Shape, source: Source, values: Values, most: int
) -> list[Place] | None:
    """The next places among the visible repos of a source; None when it holds more than `most`."""
    rows = _collect_few(shape, source).rows(call.db, {**values, "bound": most + 1})
    size = next(row[1] for row in rows if row[0] is None)
    return [Place(*row) for row in rows if row[0] is not None] if size <= most else None


def count(call: Call, shape: Shape, source: Source | None, values: Values) -> int:
    """How many visible repos match."""
    return int(_count(shape, source).row(call.db, values)[0])


def matching(
    call: Call, shape: Shape, source: Source | None, values: Values, bound: int
) -> list[int]:
    """So many ids of the visible repos that match, whichever come first."""
    rows = _matching(shape, source).rows(call.db, {**values, "bound": bound})
    return [row[0] for row in rows]


def at_most(call: Call, shape: Shape, source: Source, values: Values) -> int:
    """How many repos a source holds, counted no further than the value of `bound`."""
    return int(_at_most(shape, source).row(call.db, values)[0])


def tag_totals(call: Call, repo_type: RepoType, tags: Sequence[str]) -> dict[str, int]:
    """How many repos have each of these tags; those that nobody has are left out."""
    sqlite = call.hub.database.sqlite
    statement = _TOTALS_ON_SQLITE if sqlite else _TOTALS_ON_POSTGRESQL
    values = {"type": repo_type.value, "tags": listed(list(tags), sqlite=sqlite)}
    return {row[0]: row[1] for row in statement.rows(call.db, values)}


@functools.lru_cache(KEPT)
def _walk(shape: Shape) -> Prepared:
    return rendered(statements.walk(shape), sqlite=shape.sqlite)


@functools.lru_cache(KEPT)
def _collect(shape: Shape, source: Source) -> Prepared:
    return rendered(statements.collect(shape, source), sqlite=shape.sqlite)


@functools.lru_cache(KEPT)
def _collect_few(shape: Shape, source: Source) -> Prepared:
    return rendered(statements.collect_few(shape, source), sqlite=shape.sqlite)


@functools.lru_cache(KEPT)
def _count(shape: Shape, source: Source | None) -> Prepared:
    return rendered(statements.count(shape, source), sqlite=shape.sqlite)


@functools.lru_cache(KEPT)
def _matching(shape: Shape, source: Source | None) -> Prepared:
    return rendered(statements.matching(shape, source), sqlite=shape.sqlite)


@functools.lru_cache(KEPT)
def _at_most(shape: Shape, source: Source) -> Prepared:
    return rendered(statements.at_most(shape, source), sqlite=shape.sqlite)
