"""The migrations lead to exactly the schema that the tables declare."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from strata.lib.db.database import Database
from strata.migrations.schema import metadata
from strata.migrations.upgrade import upgrade


def differences(database: Database) -> list[object]:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_a_migrated_sqlite_database_is_what_the_tables_say(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'strata.db'}")
    assert upgrade(database) is True
    assert upgrade(database) is False
    assert differences(database) == []
    database.close()


def test_a_migrated_postgresql_database_is_what_the_tables_say(postgres_database: str) -> None:
    database = Database(postgres_database)
    upgrade(database)
    assert differences(database) == []
    database.close()
