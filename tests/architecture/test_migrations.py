"""The migrations lead to exactly the schema that the tables declare."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from strata.accounts.legal.documents import key_of, packaged_versions
from strata.accounts.legal.tables import agreement, consents
from strata.accounts.profile.dropping import DropSquares
from strata.accounts.tables import former_names, namespaces, users
from strata.app.hub import JOBS
from strata.events.mails.sending import SendMail
from strata.events.tables import jobs
from strata.lib.db.database import Database
from strata.lib.lookalikes.names import skeleton
from strata.migrations.schema import declared, metadata
from strata.migrations.upgrade import configuration, upgrade
from strata.repos.tables import repos
from strata.search.bits import bits_of

DISCUSSIONS = """
INSERT INTO namespaces (id, key, name, kind) VALUES (1, 'ana', 'ana', 'user');
INSERT INTO repos
    (id, key, type, owner_id, namespace, name, path_key, private, created_at, updated_at)
    VALUES (1, 'k', 'model', 1, 'ana', 'm', 'ana/m', 0, 1, 1);
INSERT INTO refs (repo_id, name, target, commit_sha, moved_at)
    VALUES (1, 'refs/pr/1', 'abc', 'abc', 1);
INSERT INTO discussions
    (id, repo_id, number, title, author_id, status, is_pull_request, comments, created_at,
    updated_at)
    VALUES (1, 1, 1, 'One', 1, 'open', 1, 1, 1, 1), (2, 1, 2, 'Two', 1, 'open', 0, 1, 1, 1);
INSERT INTO discussion_events (key, discussion_id, kind, author_id, created_at, content)
    VALUES ('e', 1, 'comment', 1, 1, '{}')
"""


def differences(database: Database) -> list[object]:
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": declared}
        )
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


@pytest.mark.slow
def test_a_migrated_sqlite_database_finds_repos_by_a_part_of_their_name(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'strata.db'}")
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in DISCUSSIONS.split(";")[:2]:
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    asked = "SELECT rowid FROM repo_names WHERE repo_names MATCH 'new'"
    with database.writing() as connection:
        there = "SELECT rowid FROM repo_names WHERE repo_names MATCH 'ana'"
        assert connection.exec_driver_sql(there).all() == [(1,)]
        connection.exec_driver_sql("UPDATE repos SET path_key = 'ana/newer' WHERE id = 1")
        assert connection.exec_driver_sql(asked).all() == [(1,)]
        waiting = connection.exec_driver_sql("SELECT kind, key FROM jobs").all()
    assert waiting == [("search.index", "search.index:1")]
    database.close()


TAGGED = """
INSERT INTO namespaces (id, key, name, kind) VALUES (1, 'ana', 'ana', 'user');
INSERT INTO repos
    (id, key, type, owner_id, namespace, name, path_key, private, created_at, updated_at)
    VALUES (1, 'k', 'model', 1, 'ana', 'm', 'ana/m', false, 1, 1),
    (2, 'l', 'model', 1, 'ana', 'n', 'ana/n', true, 1, 1),
    (3, 'm', 'model', 1, 'ana', 'o', 'ana/o', false, 1, 1);
INSERT INTO repo_tags (type, tag, repo_id)
    VALUES ('model', 'gguf', 1), ('model', 'license:mit', 1), ('model', 'ünï', 2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_repos_that_exist_are_found_by_their_tags(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0028")
        for statement in TAGGED.split(";"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    with database.reading() as connection:
        held = connection.scalars(sa.select(repos.c.tag_bits).order_by(repos.c.id)).all()
    assert held == [bits_of(["gguf", "license:mit"]), bits_of(["ünï"]), 0]
    database.close()


NAMED = """
INSERT INTO namespaces (id, key, name, kind) VALUES
    (1, 'bob1', 'Bob1', 'user'), (2, '~2', 'ghost', 'user'), (3, 'rn-vv', 'rn-vv', 'organization');
INSERT INTO former_names (key, namespace_id, left_at) VALUES ('b0b', 1, 1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_names_that_exist_are_drawn(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0032")
        for statement in NAMED.split(";\n"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    drawn = sa.select(namespaces.c.skeleton).order_by(namespaces.c.id)
    with database.reading() as connection:
        assert connection.scalars(drawn).all() == [skeleton("Bob1"), None, skeleton("rn-vv")]
        assert connection.scalar(sa.select(former_names.c.skeleton)) == skeleton("b0b")
    database.close()


AGREED = """
INSERT INTO namespaces (id, key, name, kind) VALUES (1, 'ana', 'ana', 'user'),
    (2, 'bob', 'bob', 'user'), (3, '~3', 'ghost', 'user');
INSERT INTO users (id, public_id, full_name, email, email_key, language, agreed, created_at) VALUES
    (1, 'a', 'Ana', 'a@a.a', 'a@a.a', 'en', 'privacy=sample-1;terms=2', 1),
    (2, 'b', 'Bob', 'b@b.b', 'b@b.b', 'en', 'privacy=sample-1;terms=sample-1', 1),
    (3, 'c', '', '', '', 'en', NULL, 1);
INSERT INTO agreement (id, current, since) VALUES (1, 'privacy=sample-1;terms=2', 1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_nobody_is_asked_about_guidelines_that_came_with_an_upgrade(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0060")
        for statement in AGREED.split(";\n"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    with database.reading() as connection:
        held = connection.scalars(sa.select(users.c.agreed).order_by(users.c.id)).all()
        current = connection.scalar(sa.select(agreement.c.current))
        assert connection.scalars(sa.select(consents.c.id)).all() == []  # they read nothing
    assert current == key_of(packaged_versions() | {"terms": "2"}) == held[0]
    assert held[1:] == [key_of(packaged_versions()), None]  # who was asked already still is
    database.close()


DROPPED = """
INSERT INTO jobs (kind, key, body, due, attempts) VALUES
    ('accounts.picture', 'a', '{"upload": "one"}', 1, 0),
    ('oauth.logo', 'b', '{"upload": "two"}', 1, 0),
    ('mail.send', 'c', '{"mail_id": 1}', 1, 0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_pictures_that_wait_to_be_taken_away_still_are(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0070")
        connection.exec_driver_sql(DROPPED)
    assert upgrade(database) is True
    with database.reading() as connection:
        rows = connection.execute(sa.select(jobs.c.kind, jobs.c.body).order_by(jobs.c.key)).all()
    assert [(JOBS[row.kind], row.body) for row in rows] == [
        (DropSquares, {"folder": "avatars", "upload": "one"}),
        (DropSquares, {"folder": "logos", "upload": "two"}),
        (SendMail, {"mail_id": 1}),
    ]
    database.close()


@pytest.mark.slow
def test_discussions_that_exist_are_taken_along(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'strata.db'}")
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in DISCUSSIONS.split(";"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT length(key), seen_head FROM discussions").all()
        assert len(connection.exec_driver_sql("SELECT key FROM discussion_events").all()) == 1
    assert [tuple(row) for row in rows] == [(24, "abc"), (24, None)]
    database.close()


def _job(mail_id: int) -> str:
    """A job as the queue keys it."""
    return f"('mail.send', 'mail.send:{{\"mail_id\":{mail_id}}}', '{{}}', 1)"


WRITTEN = f"""
INSERT INTO mails
    (id, created_at, recipient, subject, text, html, unique_part, sent_at, failed_at)
    VALUES (1, 10, 'a', 's', 't', 'h', 'u', 20, NULL), (2, 11, 'a', 's', 't', 'h', 'v', NULL, 21),
    (3, 12, 'a', 's', 't', 'h', 'w', NULL, NULL), (13, 13, 'a', 's', 't', 'h', 'x', NULL, NULL);
INSERT INTO jobs (kind, key, body, due) VALUES {_job(3)}
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_mails_that_exist_are_sent_once_or_stay_in_the_outbox(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    """Sent, refused, on its way, and written when there was no mail server."""
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0039")
        for statement in WRITTEN.split(";"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    columns = "id, queued_at, finished_at, text, html"
    with database.reading() as connection:
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM mails ORDER BY id").all()
    assert [tuple(row) for row in rows] == [
        (1, None, 20, "", ""),
        (2, None, 21, "t", "h"),
        (3, 12, None, "t", "h"),
        (13, None, 13, "t", "h"),
    ]
    database.close()


WAITING = """
INSERT INTO namespaces (id, key, name, kind) VALUES (1, 'ana', 'ana', 'user');
INSERT INTO users (id, public_id, full_name, email, email_key, language, created_at)
    VALUES (1, 'p', '', 'a', 'a', 'en', 1);
INSERT INTO notifications
    (user_id, thread, topic, reason, event, fact_id, at, detail, shown, unread, mail_due)
    VALUES (1, 'a', 't', 'r', 'e', 1, 7, '{}', true, true, true),
    (1, 'b', 't', 'r', 'e', 2, 8, '{}', true, true, false)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_waits_to_be_mailed_goes_on_waiting_since_it_happened(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str
) -> None:
    on_sqlite = f"sqlite:///{tmp_path / 'strata.db'}"
    url = on_sqlite if backend == "sqlite" else request.getfixturevalue("postgres_database")
    database = Database(url)
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0049")
        for statement in WAITING.split(";"):
            connection.exec_driver_sql(statement)
    assert upgrade(database) is True
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT mail_since FROM notifications ORDER BY id").all()
    assert [row[0] for row in rows] == [7, None]
    database.close()
