"""One database, two ways in: `reading` can only read, `writing` is one transaction.

SQLite runs in WAL mode with one writer at a time: `BEGIN IMMEDIATE` waits for the lock instead of
failing half-way, and synchronous=FULL because an acknowledged commit must survive a power cut.
Readers hold no transaction, so they never block the writer nor wait for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 30_000
SQLITE_CACHE_KIB = 65_536
POOL_OVERFLOW = 8

_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class Database:
    """The pools of one database; construction connects to nothing."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._reader = self._engine(pool_size, read_only=True)
        self._writer = self._engine(pool_size, read_only=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection that refuses to write and opens no transaction."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Lend a connection inside one transaction: all of it or nothing.

        The transaction begins at the first statement; on SQLite it takes the write lock there.
        """
        with self._writer.connect() as connection:
            yield connection
            connection.commit()

    @property
    def writer(self) -> Engine:
        """The engine for schema migrations."""
        return self._writer

    def close(self) -> None:
        self._reader.dispose()
        self._writer.dispose()

    def _engine(self, pool_size: int, *, read_only: bool) -> Engine:
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": POOL_OVERFLOW,
            # The text of a failure reaches the log; mail addresses and digests shall not.
            "hide_parameters": True,
        }
        if self.sqlite:
            engine = sa.create_engine(self.url, poolclass=sa.QueuePool, **options)
            _prepare_sqlite(engine, read_only=read_only)
            return engine
        if read_only:
            options["isolation_level"] = "AUTOCOMMIT"
            # Compiling takes longer than any of our questions (`jit`).
            settings = "-c default_transaction_read_only=on -c jit=off"
            options["connect_args"] = {"options": settings}
        return sa.create_engine(self.url, pool_recycle=1800, **options)


def _prepare_sqlite(engine: Engine, *, read_only: bool) -> None:
    @sa.event.listens_for(engine, "do_connect")
    def _create(_dialect: object, _record: object, arguments: list[str], _options: object) -> None:
        # The log and the shared memory beside the file take over its permissions. A file that is
        # there must not be opened: closing it again would undo SQLite's own locks.
        place = arguments[0]
        if place != ":memory:" and not place.startswith("file:"):
            with suppress(FileExistsError):
                os.close(os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself: we say BEGIN IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{SQLITE_CACHE_KIB}",
            f"query_only = {'ON' if read_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if not read_only:

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement for a hot path, run as text on the driver's own connection.

    Parameters are written `:name`. SQLAlchemy Core costs 13 times as much for one indexed lookup
    (docs/adr/0005); everything that is not on the path of each request is written in Core.
    """

    text: str
    _pyformat: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pyformat", _PARAMETER.sub(r"%(\1)s", self.text))

    def rows(self, connection: Connection, parameters: Mapping[str, object]) -> Sequence[Any]:
        """All rows, as plain tuples."""
        driver: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        cursor = driver.execute(self.text if sqlite else self._pyformat, parameters)
        try:
            rows: Sequence[Any] = cursor.fetchall()
        finally:
            cursor.close()
        return rows

    def row(self, connection: Connection, parameters: Mapping[str, object]) -> Any:
        """The first row as a plain tuple, or None."""
        rows = self.rows(connection, parameters)
        return rows[0] if rows else None
