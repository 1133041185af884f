"""What a repo must meet, and by what it is ordered; every value is a parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from strata.access.visibility import Held
from strata.lib.db.rendered import among
from strata.repos.tables import repos
from strata.search.finding.shape import Shape, Source
from strata.search.query import ORDERS
from strata.search.tables import repo_tags

Condition = sa.ColumnElement[bool]
Columns = sa.ColumnCollection[str, sa.ColumnElement[Any]]
Ids = sa.Select[int]
Limited = TypeVar("Limited", sa.Select[Any], sa.Select[int], sa.CompoundSelect[Any])

ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0", sa.BigInteger())
_ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1", sa.BigInteger())


def required(shape: Shape, of: Columns, settled: Source | None = None) -> Iterator[Condition]:
    """What a repo must meet besides being visible; without the tags if its source settled them.

    Args:
        of: the columns of the repo.
    """
    if settled is not Source.TAGS:
        yield from with_bits(shape, of)
    if shape.owned:
        yield of.owner_id == whole("owner_id")
    if shape.sized:
        # Plus nothing: a span alone is no reason to walk another index than that of the order.
        yield (of.num_parameters + ZERO).between(whole("low"), whole("high"))
    if shape.gated is not None:
        yield of.gated.is_not(None) if shape.gated else of.gated.is_(None)
    if settled is not Source.NAME or not names_lead_to_rows(shape):
        yield from (named(of.path_key, number) for number in range(shape.words))
    if settled is not Source.TAGS:
        yield from (tagged(shape, of.id, number) for number in range(shape.tags))


def held_in(shape: Shape) -> Held:
    """Looks a column up in a field of what is opened to the caller."""
    return lambda column, field: among(column, field, sqlite=shape.sqlite)


def with_bits(shape: Shape, of: Columns) -> tuple[Condition, ...]:
    """What a repo with all tags meets, and few others; no index but that of an order holds it."""
    bits = whole("bits")
    return (of.tag_bits.bitwise_and(bits) == bits,) if shape.tags else ()


def named(column: sa.ColumnElement[str], number: int) -> Condition:
    return column.like(sa.bindparam(f"word_{number}", type_=sa.Text()), escape="/")


def tagged(shape: Shape, repo_id: sa.ColumnElement[int], number: int) -> Condition:
    """Whether a repo has a tag, looked up for each repo in passing."""
    found = with_tag(repo_tags, number).where(repo_tags.c.repo_id == repo_id)
    found = found.correlate(repo_id.table)
    if shape.sqlite:
        return found.exists()
    # PostgreSQL would turn EXISTS into a join with all that have the tag.
    return found.with_only_columns(sa.true()).limit(_ONE).offset(ZERO).scalar_subquery()


def with_tag(of: sa.FromClause, number: int) -> Ids:
    tag = sa.bindparam(f"tag_{number}", type_=sa.Text())
    return sa.select(of.c.repo_id).where(of.c.type == type_asked(), of.c.tag == tag)


def names_lead_to_rows(shape: Shape) -> bool:
    """Whether the index of names is one of `repos`, and not a table of its own or none at all."""
    return shape.pieces and not shape.sqlite


def countable(shape: Shape, value: sa.ColumnElement[Any]) -> tuple[Condition, ...]:
    """What is sorted by its parameters must have some."""
    return (value > ZERO,) if shape.sort == "num_parameters" else ()


def living() -> tuple[Condition, ...]:
    return (repos.c.type == type_asked(), repos.c.deleted_at.is_(None))


def columns_read(shape: Shape) -> list[str]:
    """The columns that conditions read; those that an index lacks cost a look at the row."""
    read = {
        "id": True,
        "owner_id": shape.owned,
        "tag_bits": shape.tags,
        "path_key": shape.words,
        "num_parameters": shape.sized,
        "gated": shape.gated is not None,
    }
    return [name for name, wanted in read.items() if wanted]


def order_of(shape: Shape) -> sa.ColumnElement[Any]:
    """The order's column as the number that it holds, also where it speaks of moments."""
    return sa.type_coerce(ORDERS[shape.sort], kind_of(shape))


def kind_of(shape: Shape) -> sa.types.TypeEngine[Any]:
    return sa.Float() if isinstance(ORDERS[shape.sort].type, sa.Float) else sa.BigInteger()


def in_order(
    shape: Shape, value: sa.ColumnElement[Any], repo_id: sa.ColumnElement[int]
) -> list[sa.ColumnElement[Any]]:
    return [one.desc() if shape.descending else one.asc() for one in (value, repo_id)]


def first_of(statement: Limited, name: str) -> Limited:
    """The first rows, as many as a parameter says."""
    return statement.limit(whole(name)).offset(ZERO)  # SQLAlchemy binds an offset for SQLite


def type_asked() -> sa.ColumnElement[str]:
    return sa.bindparam("type", type_=sa.Text())


def whole(name: str) -> sa.ColumnElement[int]:
    return sa.bindparam(name, type_=sa.BigInteger())


def value_after(shape: Shape) -> sa.ColumnElement[Any]:
    return sa.bindparam("after_value", type_=kind_of(shape))
