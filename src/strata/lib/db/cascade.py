"""Delete rows and what hangs on them, in whatever table that is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def delete_rows(db: Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> None:
    """Delete the rows of a table; rows that refer to them go first, or refer to nothing any more.

    The latter where the referring column may be null.
    """
    for other in table.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                gone = sa.select(key.column).where(condition)
                referring = key.parent.in_(gone)
                if key.parent.nullable:
                    db.execute(sa.update(other).where(referring).values({key.parent.name: None}))
                elif other is not table:
                    delete_rows(db, other, referring)
    db.execute(sa.delete(table).where(condition))
