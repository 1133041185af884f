"""The audit log: added to, chained, guarded by the database, and whole or it says where not."""

import contextlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from fixtures.hubs import START, FrozenClock
from strata.core.actor import Actor
from strata.core.call import Origin, reading, working
from strata.core.hub import Hub
from strata.events.audit import erase, prune as pruning, verify
from strata.events.audit.prune import prune
from strata.events.audit.sealing import seal
from strata.events.audit.sealing.guards import SQLITE
from strata.events.facts import Whose, record
from strata.events.jobs import Job, run_due
from strata.events.tables import audit_seals, facts
from strata.lib.db.database import Database
from strata.migrations.upgrade import upgrade

JOBS: dict[str, type[Job]] = {seal.SealFacts.kind: seal.SealFacts}
ANA = Actor(user_id=1, name="ana", session_id=1)
HERE = Origin(ip="203.0.113.7", user_agent="a browser", request_id="r1")


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give an empty hub on the database of the parameter."""
    return each_hub


def happen(hub: Hub, *names: str, actor: Actor = ANA, **more: object) -> None:
    with reading(hub, actor, HERE) as call, working(call) as work:
        for name in names:
            record(work, name, target="ana", detail={"n": name}, **more)  # type: ignore[arg-type]  # by name


def sealed(hub: Hub, *names: str) -> None:
    happen(hub, *names)
    with reading(hub) as call:
        seal.seal_all(call)


def faults(hub: Hub, noted: seal.Seal | None = None) -> list[tuple[str, str]]:
    with reading(hub) as call:
        return [(finding.place, finding.problem) for finding in verify.verify(call, noted)]


def tamper(hub: Hub, *statements: str) -> None:
    """Change the database as its owner could, who takes the guards away first."""
    unguard = (
        ("DROP TRIGGER facts_stay_the_same", "DROP TRIGGER facts_stay")
        if hub.database.sqlite
        else ("ALTER TABLE facts DISABLE TRIGGER USER",)
    )
    with hub.database.writing() as db:
        for statement in (*unguard, *statements):
            db.exec_driver_sql(statement)


def write(hub: Hub, statement: str) -> None:
    with hub.database.writing() as db:
        db.exec_driver_sql(statement)


def newest(hub: Hub) -> seal.Seal:
    with reading(hub) as call:
        found = seal.newest(call)
    assert found is not None
    return found


def test_a_log_that_nobody_touched_is_whole(hub: Hub, clock: FrozenClock) -> None:
    assert faults(hub) == []
    sealed(hub, "account.login", "token.create")
    clock.advance(timedelta(days=1))
    sealed(hub, "account.logout")
    assert faults(hub) == []
    assert newest(hub).number == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET name = 'account.logout' WHERE id = 2",
        "UPDATE facts SET ip = '198.51.100.9' WHERE id = 2",
        "UPDATE facts SET chain_no = 9 WHERE id = 2",
        "UPDATE facts SET chain_no = 9, ip = '' WHERE id = 4",
        "UPDATE facts SET erased = true, ip = '', user_agent = '', salt = NULL, target = 'bo'",
        "DELETE FROM facts WHERE id = 2",
        "DELETE FROM facts WHERE id = 4",
        "DELETE FROM facts",
    ],
)
def test_the_database_refuses_to_change_or_lose_a_row(hub: Hub, statement: str) -> None:
    sealed(hub, "account.login", "token.create", "token.delete")
    happen(hub, "account.logout")
    with pytest.raises(DBAPIError, match="facts are only ever added"):
        write(hub, statement)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE facts SET detail = '{}' WHERE id = 2", "row 2"),
        ("UPDATE facts SET actor_id = 7 WHERE id = 2", "row 2"),
        ("UPDATE facts SET at = at + 1 WHERE id = 2", "row 2"),
        ("UPDATE facts SET mark = 'x', salt = 'y' WHERE id = 2", "row 2"),
        ("DELETE FROM facts WHERE id = 2", "number 2"),
        ("DELETE FROM facts WHERE id = 1", "number 1"),
        ("DELETE FROM facts WHERE id > 2", "number 3"),
        ("UPDATE facts SET erased = true WHERE id = 2", "row 2"),
        ("UPDATE audit_seals SET chain_no = 2", "seal of 2026-11-23"),
        ("UPDATE audit_seals SET removed_at = at", "seal of 2026-11-23"),
    ],
)
def test_verify_names_the_first_row_that_is_not_what_was_sealed(
    hub: Hub, statement: str, place: str
) -> None:
    sealed(hub, "account.login", "token.create", "token.delete", "account.logout")
    tamper(hub, statement)
    assert [found for found, _ in faults(hub)] == [place]


def test_two_rows_that_change_places_are_found(hub: Hub) -> None:
    sealed(hub, "account.login", "token.create", "token.delete")
    tamper(
        hub,
        "UPDATE facts SET chain_no = -1 WHERE id = 2",
        "UPDATE facts SET chain_no = 2 WHERE id = 3",
        "UPDATE facts SET chain_no = 3 WHERE id = 2",
    )
    assert [place for place, _ in faults(hub)] == ["row 3"]


def test_the_end_that_went_with_its_seal_is_missed_by_a_noted_seal(
    hub: Hub, clock: FrozenClock
) -> None:
    sealed(hub, "account.login")
    clock.advance(timedelta(days=1))
    sealed(hub, "token.create")
    noted = newest(hub)
    tamper(
        hub, "DELETE FROM facts WHERE id = 2", "DELETE FROM audit_seals WHERE day = '2026-11-24'"
    )
    assert faults(hub) == []
    ((place, problem),) = faults(hub, noted)
    assert place == "number 2"
    assert "1 sealed rows are missing" in problem


def test_a_row_that_is_committed_late_is_sealed_late(hub: Hub) -> None:
    if hub.database.sqlite:
        sealed(hub, "account.login")  # one writer: ids come in the order of commits
    else:
        with reading(hub, ANA, HERE) as call, working(call) as slow:
            record(slow, "account.login")  # takes its id first
            sealed(hub, "token.create")
        with reading(hub) as call:
            seal.seal_all(call)
        with hub.database.reading() as db:
            order = list(db.scalars(sa.select(facts.c.name).order_by(facts.c.chain_no)))
        assert order == ["token.create", "account.login"]
    assert faults(hub) == []


def test_rows_that_nobody_seals_are_reported(hub: Hub, clock: FrozenClock) -> None:
    happen(hub, "account.login")
    assert faults(hub) == []
    clock.advance(timedelta(hours=2))
    assert [place for place, _ in faults(hub)] == ["the end"]


def test_what_is_older_than_the_log_is_kept_goes_and_the_rest_is_whole(
    hub: Hub, clock: FrozenClock
) -> None:
    for name in ("account.login", "token.create", "account.logout"):
        sealed(hub, name)
        clock.advance(timedelta(days=200))
    happen(hub, "account.login")
    with reading(hub) as call, working(call) as work:
        assert prune(work) == 1
    sealed(hub, "account.logout")
    assert faults(hub) == []
    with hub.database.reading() as db:
        assert list(db.scalars(sa.select(facts.c.id).order_by(facts.c.id))) == [2, 3, 4, 5]
        assert len(db.execute(sa.select(audit_seals)).all()) == 4
    tamper(hub, "DELETE FROM facts WHERE id = 2")
    assert [place for place, _ in faults(hub)] == ["number 2"]


@pytest.mark.slow
def test_the_job_keeps_four_hundred_days_and_every_seal_of_them_holds(
    hub: Hub, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year and a half, with more at once than one transaction removes."""
    assert hub.settings.audit.retention_days == 400
    monkeypatch.setattr(pruning, "MOST_AT_ONCE", 2)
    with reading(hub) as call, working(call) as work:
        seal.begin_sealing(work)
    noted: list[tuple[datetime, seal.Seal]] = []
    for _ in range(28):
        happen(hub, "account.login", "token.create", "account.logout")
        run_due(hub, JOBS)
        noted.append((clock(), newest(hub)))
        clock.advance(timedelta(days=20))
    for _ in range(20):  # what is left of what is too old
        clock.advance(timedelta(minutes=1))
        run_due(hub, JOBS)
    with hub.database.reading() as db:
        oldest = db.scalar(sa.select(sa.func.min(facts.c.at, type_=facts.c.at.type)))
        kept = db.scalar(sa.select(sa.func.count()).select_from(facts))
    edge = clock() - timedelta(days=400)
    assert (oldest, kept) == (min(at for at, _ in noted if at >= edge), 3 * 19)
    assert faults(hub) == []
    for at, one in noted:
        if at >= edge:
            assert faults(hub, one) == []
            assert faults(hub, replace(one, link="0" * 64)) != []
    # The newest of what was removed is the place from which the rest is checked.
    last_removed = [one for at, one in noted if at < edge][-1]
    assert faults(hub, last_removed) == []
    assert faults(hub, replace(last_removed, link="0" * 64)) != []


def test_a_person_who_left_is_erased_and_the_chain_holds(hub: Hub) -> None:
    sealed(hub, "account.login", "repo.content")
    happen(hub, "org.add_user", actor=Actor(user_id=2), whose=Whose(9, 1))
    happen(hub, "account.login", actor=Actor(user_id=2))
    with reading(hub) as call:
        seal.seal_all(call)
    with reading(hub) as call, working(call) as work:
        erase.erase(work, 1)
        record(work, "account.delete", whose=Whose(subject_id=1))
    with reading(hub) as call:
        seal.seal_all(call)
    assert faults(hub) == []
    with hub.database.reading() as db:
        rows = db.execute(sa.select(facts).order_by(facts.c.id)).all()
    assert [(row.target, row.ip, row.detail) for row in rows[:4]] == [
        (None, "", {}),
        (None, "", {"n": "repo.content"}),
        (None, "", {}),
        ("ana", "203.0.113.7", {"n": "account.login"}),
    ]
    assert all(row.salt is None for row in rows[:3])


def test_secrets_never_enter_a_fact(hub: Hub) -> None:
    value = "hf_" + "a" * 34
    origin = Origin(user_agent=f"curl Bearer {value} Basic dXNlcjpwYXNz")
    with reading(hub, ANA, origin) as call, working(call) as work:
        record(
            work,
            "token.create",
            target=value,
            detail={
                "note": f"/x?token={value}",
                "deep": [{"password": "Corr3ct"}],
                value: 1,
                "to": "/x?a=1&code=0pen&b=2",
            },
        )
    with hub.database.reading() as db:
        row = db.execute(sa.select(facts)).one()
    written = repr(row)
    assert value not in written
    assert "Corr3ct" not in written
    assert "0pen" not in written
    assert "dXNlcjpwYXNz" not in written


@pytest.mark.slow
def test_a_migrated_database_is_guarded_as_well(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'strata.db'}")
    upgrade(database)
    with database.writing() as db:
        triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'facts'"
        assert set(db.exec_driver_sql(triggers).scalars()) == set(SQLITE)
    database.close()


def test_a_migrated_postgresql_is_guarded_as_well(postgres_database: str) -> None:
    database = Database(postgres_database)
    upgrade(database)
    with database.writing() as db:
        values = {"at": START, "name": "x", "detail": {}, "ip": "", "user_agent": ""}
        db.execute(sa.insert(facts).values(**values, request_id=""))
    with pytest.raises(DBAPIError, match="facts are only ever added"), database.writing() as db:
        db.exec_driver_sql("DELETE FROM facts")
    database.close()


def test_the_job_seals_by_itself_and_notes_each_day_outside(hub: Hub, clock: FrozenClock) -> None:
    with reading(hub) as call, working(call) as work:
        seal.begin_sealing(work)
    happen(hub, "account.login")
    assert run_due(hub, JOBS) == 1
    noted = newest(hub)
    assert noted.number == 1
    clock.advance(timedelta(days=1))
    happen(hub, "account.logout")
    with capture_logs() as lines:
        assert run_due(hub, JOBS) == 1
    told = [line["seal"] for line in lines if line["event"] == "audit seal"]
    assert told == [noted.line]
    assert seal.seal_of_line(told[0]) == noted
    assert faults(hub, noted) == []
    forged = replace(noted, link="0" * 64)
    assert [place for place, _ in faults(hub, forged)] == ["row 1"]


def test_two_sealers_at_once_make_one_chain(hub: Hub) -> None:
    happen(hub, *(f"test.{number}" for number in range(60)))

    def run() -> None:
        with reading(hub) as call:
            for _ in range(10):
                with contextlib.suppress(DBAPIError), working(call) as work:
                    seal.seal(work, limit=7)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(hub) as call:
        seal.seal_all(call)
    assert faults(hub) == []
    assert newest(hub).number == 60
