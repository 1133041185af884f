"""Statements whose spelling differs between SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

UpsertInsert = sqlite.Insert | postgresql.Insert


def upsert(db: Connection, table: sa.Table) -> UpsertInsert:
    """An INSERT that offers `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if db.dialect.name == "sqlite" else postgresql.insert(table)
