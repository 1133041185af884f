"""Where repos are collected from: those that meet one condition, found by its index."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from strata.access.visibility import seen_alone
from strata.repos.tables import repos
from strata.search.finding.conditions import (
    ZERO,
    Condition,
    Ids,
    columns_read,
    first_of,
    held_in,
    kind_of,
    living,
    named,
    names_lead_to_rows,
    order_of,
    tagged,
    type_asked,
    whole,
    with_bits,
    with_tag,
)
from strata.search.finding.shape import Shape, Source
from strata.search.tables import repo_tags

JOINED: Final = 4  # tags of one question
_NAMES: Final = sa.table("repo_names", sa.column("rowid", sa.BigInteger), sa.column("repo_names"))


def pool_of(
    shape: Shape, source: Source, *, few: bool = False
) -> tuple[sa.FromClause, sa.FromClause]:
    """The living repos of a source, with what is read of them; and what to count to size it.

    The indexes of the orders hold living repos only; as nothing here says so in their words, none
    of them can be walked instead.
    """
    if source is Source.TAGS or (source is Source.NAME and not names_lead_to_rows(shape)):
        ids = _ids_tagged(shape) if source is Source.TAGS else _ids_named(shape)
        found = _kept(first_of(ids, "bound") if few else ids, "found")
        looked_up = _rows(shape).where(repos.c.id.in_(sa.select(found.c[0])), *_alive())
        return looked_up.subquery("pool"), found
    rows = _rows(shape).where(*members(shape, source), *_alive(), *with_bits(shape, repos.c))
    pool = _kept(first_of(rows, "bound") if few else rows, "pool")
    return pool, pool


def every(shape: Shape) -> sa.FromClause:
    return _rows(shape).where(*living()).subquery("pool")


def members(shape: Shape, source: Source) -> tuple[Condition, ...]:
    """What a repo of a source meets, in the words of the index that finds it."""
    here = repos.c.type == type_asked()
    match source:
        case Source.OWNER:
            return (repos.c.owner_id == whole("owner_id"), here)
        case Source.SIZE:
            sized = repos.c.num_parameters.between(whole("low"), whole("high"))
            return (*living(), repos.c.private.in_((sa.false(), sa.true())), sized)
        case Source.GATE:
            return (here, repos.c.gated.is_not(None))
        case Source.HIDDEN:
            return (here, seen_alone(shape.sight, repos, held_in(shape)))
        case Source.NAME:
            return tuple(named(repos.c.path_key, number) for number in range(shape.words))
        case Source.TAGS:
            raise ValueError(source)  # its index is of another table


def _rows(shape: Shape) -> sa.Select[Any]:
    """What is read of a repo; plus nothing, so that no index can give the order."""
    value = sa.type_coerce(order_of(shape) + ZERO, kind_of(shape)).label("value")
    names = dict.fromkeys([*columns_read(shape), "private", "owner_id"])
    return sa.select(value, *(repos.c[name] for name in names))


def _alive() -> tuple[Condition, ...]:
    deleted = sa.type_coerce(repos.c.deleted_at, sa.BigInteger)
    return (sa.func.coalesce(deleted, ZERO) == ZERO, repos.c.type == type_asked())


def _kept(statement: sa.Select[Any], name: str) -> sa.CTE:
    return statement.cte(name).prefix_with("MATERIALIZED")


def _ids_tagged(shape: Shape) -> Ids:
    """The repos that have every tag, looked up from those that have the first.

    PostgreSQL may join the next ones, which is quicker when they are nearly as rare; it would plan
    a join of two hundred for a minute.
    """
    rare = repo_tags.alias("rare")
    found = with_tag(rare, 0)
    for number in range(1, shape.tags):
        if number <= JOINED:
            also = with_tag(repo_tags, number).where(repo_tags.c.repo_id == rare.c.repo_id)
            found = found.where(also.correlate(rare).exists())
        else:
            found = found.where(tagged(shape, rare.c.repo_id, number))
    return found


def _ids_named(shape: Shape) -> Ids:
    """The repos in whose id all words may occur; look again.

    When every word is shorter than the pieces of the index, they are looked for in every name,
    which is still the names alone and not the rows.
    """
    if shape.sqlite and shape.pieces:
        asked = sa.bindparam("pieces", type_=sa.Text())
        return sa.select(_NAMES.c.rowid).where(_NAMES.c.repo_names.op("MATCH")(asked))
    return sa.select(repos.c.id).where(*living(), *members(shape, Source.NAME))
