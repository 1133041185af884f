"""Delete rows and what hangs on them, in whatever table that is."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def delete_rows(db: Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> None:
    """Delete the rows of a table; rows that refer to them go first, or refer to nothing any more.

    The latter where the referring column may be null.
    """
    for other, key in _referring_to(table):
        referring = key.parent.in_(sa.select(key.column).where(condition))
        if key.parent.nullable:
            db.execute(sa.update(other).where(referring).values({key.parent.name: None}))
        elif other is not table:
            delete_rows(db, other, referring)
    db.execute(sa.delete(table).where(condition))


@cache  # asked some sixty times for each account that goes; tables are declared once, at the start
def _referring_to(table: sa.Table) -> tuple[tuple[sa.Table, sa.ForeignKey], ...]:
    """The tables that refer to one, and by which key, always in the same order."""
    return tuple(
        (other, key)
        for other in table.metadata.sorted_tables
        for key in sorted(other.foreign_keys, key=lambda key: key.parent.name)
        if key.column.table is table
    )
