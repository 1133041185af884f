"""Core statements as text, for hot paths whose statements are composed.

SQLAlchemy spends a millisecond or more on building and hashing a statement of many conditions,
again for each request, although the same few are meant. Rendered once and kept by what they depend
on, they cost as much as any `Prepared` text (docs/adr/0005).
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from strata.lib.db.database import Prepared

_SQLITE = pysqlite.dialect(paramstyle="named")
_POSTGRESQL = psycopg.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def rendered(statement: sa.Select[Any] | sa.CompoundSelect[Any], *, sqlite: bool) -> Prepared:
    """The text of a statement, in which every value is a named parameter.

    Raises:
        ValueError: a value was written into it, and would be kept for whoever asks next.
    """
    compiled = statement.compile(dialect=_SQLITE if sqlite else _POSTGRESQL)
    kept = [name for name, bound in compiled.binds.items() if not bound.required]
    if kept:
        raise ValueError(kept)
    return Prepared(str(compiled))


def among(column: sa.ColumnElement[Any], name: str, *, sqlite: bool) -> sa.ColumnElement[bool]:
    """Whether a column holds one of a list: one parameter, however long it is.

    The value of the parameter is what `listed` makes of the list.
    """
    if sqlite:
        values = sa.func.json_each(sa.bindparam(name, type_=sa.Text())).table_valued("value")
        return column.in_(sa.select(values.c.value))
    return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(column.type)))


def listed(values: list[Any], *, sqlite: bool) -> object:
    """A list as the value of a parameter of `among`."""
    return msgspec.json.encode(values).decode() if sqlite else values
