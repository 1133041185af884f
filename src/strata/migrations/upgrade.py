"""Bring a database's schema up to date: `strata db upgrade`, and every start of the hub."""

from __future__ import annotations

import functools
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from strata.lib.db.database import Database

# A number that no other program on the same PostgreSQL uses: two nodes that start take turns.
ADVISORY_LOCK = 7_827_684_112


def upgrade(database: Database) -> bool:
    """Run the migrations that are missing, in one transaction.

    Returns:
        Whether anything was missing.
    """
    wanted = newest()
    with database.reading() as connection:
        if _present(connection) == wanted:
            return False
    with database.writing() as connection:
        if not database.sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        if _present(connection) == wanted:
            return False
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


@functools.cache
def newest() -> str | None:
    """The revision that this program wants; reading all migrations is most of a short command."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def configuration() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def _present(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return MigrationContext.configure(connection).get_current_revision()
