"""Pages by seek: a cursor says where the last row stands in the order, newest or largest first.

A page costs the same wherever it starts, and rows that come or go meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

T = TypeVar("T")

Place = tuple[int, ...]  # the values by which a row is ordered; moments as the column holds them


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted."""

    limit: int
    after: Place | None = None  # None: from the start


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows, and the place after which the next page starts, if there is one."""

    rows: tuple[T, ...]
    last: Place | None = None


def page_down(
    db: Connection,
    statement: sa.Select[Any],
    window: Window,
    order: tuple[sa.ColumnElement[Any], ...],
    make: Callable[[sa.Row[Any]], T],
) -> Page[T]:
    """Read one page, the highest first.

    Args:
        order: whole numbers that are unique together.
        make: builds a value of a row.
    """
    keys = [sa.type_coerce(column, sa.BigInteger()) for column in order]
    if window.after is not None:
        if len(window.after) != len(order):
            raise ValueError(window.after)
        place = (sa.literal(number, sa.BigInteger()) for number in window.after)
        statement = statement.where(sa.tuple_(*keys) < sa.tuple_(*place))
    labelled = [key.label(f"place_{index}") for index, key in enumerate(keys)]
    statement = statement.add_columns(*labelled).order_by(*(key.desc() for key in keys))
    found = db.execute(statement.limit(window.limit + 1)).all()
    rows = found[: window.limit]
    last = tuple(rows[-1][-len(keys) :]) if len(found) > window.limit else None
    return Page(tuple(make(row) for row in rows), last)
