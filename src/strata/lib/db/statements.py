"""Statements whose spelling differs between SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

UpsertInsert = sqlite.Insert | postgresql.Insert


def upsert(db: Connection, table: sa.Table) -> UpsertInsert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`; its rowcount is true."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    # Without this SQLAlchemy forgets the driver's count on PostgreSQL and answers -1.
    statement: UpsertInsert = insert(table).execution_options(preserve_rowcount=True)
    return statement
