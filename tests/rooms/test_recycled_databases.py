"""A database that another test used is like one that nobody used."""

from pathlib import Path

import psycopg

from fixtures.accounts import made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.recycled import RecycledDatabases


def opened(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_nothing_of_the_test_before_is_left(
    recycled_databases: RecycledDatabases, tmp_path: Path, clock: FrozenClock
) -> None:
    url = recycled_databases.take()
    for life in ("first", "second"):
        hub = build_test_hub(tmp_path / life, clock=clock, database_url=url)
        assert made(hub, "ana", password=None).user_id == 1
        forgotten = opened(url)
        forgotten.execute("ANALYZE")
        forgotten.execute("BEGIN; LOCK TABLE users")
        recycled_databases.give_back(url)
        assert recycled_databases.take() == url
        forgotten.close()
        hub.database.close()
    with opened(url) as db:
        assert db.execute("SELECT count(*) FROM facts").fetchone() == (0,)
        known = "SELECT count(*) FROM pg_statistic WHERE starelid >= 16384"
        assert db.execute(known).fetchone() == (0,)
    for change in ("DISABLE TRIGGER USER", "ADD COLUMN x int", "ADD CHECK (id > 0)"):
        with opened(url) as db:
            db.execute(f"ALTER TABLE facts {change}")
        recycled_databases.give_back(url)
        changed, url = url, recycled_databases.take()
        assert url != changed
    recycled_databases.give_back(url)
