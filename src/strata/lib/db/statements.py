"""Statements whose spelling differs between SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib

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


def take_turns(db: Connection, about: str) -> None:
    """Let transactions about the same thing come one after the other; SQLite has one writer.

    For what no row stands for that could be locked.
    """
    if db.dialect.name == "postgresql":
        turn = int.from_bytes(hashlib.sha256(about.encode()).digest()[:8], signed=True)
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(turn)))
