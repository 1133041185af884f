"""The statements of the lists, by shape.

A page is found in one of two ways, and `search/finding/page.py` chooses. To *walk* is to go along
the index of an order and look at each repo in passing: right when many repos match. To *collect* is
to take all repos that meet the rarest condition, and sort them: right when few do. Each statement
is spelled so that neither database can mistake the one for the other.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from strata.access.visibility import seen
from strata.repos.tables import repos
from strata.search.finding import sources
from strata.search.finding.conditions import (
    Condition,
    columns_read,
    countable,
    first_of,
    held_in,
    in_order,
    kind_of,
    living,
    order_of,
    required,
    value_after,
    whole,
)
from strata.search.finding.shape import Shape, Source

Statement = sa.Select[Any] | sa.CompoundSelect[Any]


def walk(shape: Shape) -> Statement:
    """The next places among the public repos, so many steps along the index of the order.

    What must be met stands outside, so that nothing but the index of the order can serve what
    stands inside. Its rows keep their order: whoever reads it stops as soon as the page is full.
    """
    legs = [_leg(shape, leg) for leg in _legs(shape)]
    passed = legs[0] if len(legs) == 1 else _one_behind_the_other(legs)
    of = passed.subquery("passed").c
    return first_of(sa.select(of.value, of.id).where(*required(shape, of)), "page")


def collect(shape: Shape, source: Source) -> Statement:
    """The next places among the visible repos of a source."""
    return _collected(shape, source, sources.pool_of(shape, source)[0])


def collect_few(shape: Shape, source: Source) -> Statement:
    """The same if the source holds less than `bound`; and a row that tells how many it holds."""
    pool, members = sources.pool_of(shape, source, few=True)
    size = sa.select(sa.func.count()).select_from(members).scalar_subquery()
    places = _collected(shape, source, pool).where(size < whole("bound")).subquery()
    return sa.union_all(sa.select(places), sa.select(sa.cast(sa.null(), kind_of(shape)), size))


def count(shape: Shape, source: Source | None) -> Statement:
    """How many visible repos of a source match; of all without one."""
    pool = sources.pool_of(shape, source)[0] if source else sources.every(shape)
    return sa.select(sa.func.count()).select_from(pool).where(*_matching(shape, source, pool))


def matching(shape: Shape, source: Source | None) -> Statement:
    """The ids of so many of these, whichever come first."""
    pool = sources.pool_of(shape, source)[0] if source else sources.every(shape)
    return first_of(sa.select(pool.c.id).where(*_matching(shape, source, pool)), "bound")


def at_most(shape: Shape, source: Source) -> Statement:
    """How many repos a source holds, counted no further than `bound`."""
    few = first_of(sa.select(repos.c.id).where(*sources.members(shape, source)), "bound").subquery()
    return sa.select(sa.func.count()).select_from(few)


def _collected(shape: Shape, source: Source, pool: sa.FromClause) -> sa.Select[Any]:
    of = pool.c
    statement = sa.select(of.value, of.id).where(*_matching(shape, source, pool))
    if shape.resumed:
        here, there = sa.tuple_(of.value, of.id), sa.tuple_(value_after(shape), whole("after_id"))
        statement = statement.where(here < there if shape.descending else here > there)
    return first_of(statement.order_by(*in_order(shape, of.value, of.id)), "page")


def _matching(shape: Shape, source: Source | None, pool: sa.FromClause) -> Iterator[Condition]:
    yield seen(shape.sight, pool, held_in(shape))
    yield from countable(shape, pool.c.value)
    yield from required(shape, pool.c, source)


def _leg(shape: Shape, here: Sequence[Condition]) -> sa.Select[Any]:
    """One stretch of the index of the order, without private repos."""
    value = order_of(shape)
    rows = sa.select(value.label("value"), *(repos.c[name] for name in columns_read(shape)))
    public = rows.where(*living(), repos.c.private.is_(sa.false()), *countable(shape, value))
    public = public.where(*here).order_by(*in_order(shape, value, repos.c.id))
    return first_of(public, "steps")


def _one_behind_the_other(legs: Sequence[sa.Select[Any]]) -> sa.CompoundSelect[Any]:
    """The rows of some stretches, so many together as of one."""
    return first_of(sa.union_all(*(sa.select(leg.subquery()) for leg in legs)), "steps")


def _legs(shape: Shape) -> list[list[Condition]]:
    """The stretches of an order behind a place.

    SQLite compares `(value, id)` with a place but seeks by `value` alone, and many repos tie: so
    the ties with the place are a stretch of their own.
    """
    if not shape.resumed:
        return [[]]
    value, ids, after = order_of(shape), repos.c.id, value_after(shape)
    ahead = operator.lt if shape.descending else operator.gt
    return [[value == after, ahead(ids, whole("after_id"))], [ahead(value, after)]]
