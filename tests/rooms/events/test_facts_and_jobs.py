"""Facts and the jobs that react: none lost, none phantom, none twice at once."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa

from fixtures.hubs import START, FrozenClock, build_test_hub
from strata.core.actor import Actor, TokenFacts, TokenRole
from strata.core.call import Call, Origin, Work, reading, working
from strata.core.hub import Hub
from strata.events.facts import Fact, record
from strata.events.jobs import MAX_ATTEMPTS, GiveUp, Job, Lane, Later, enqueue, next_due, run_due
from strata.events.runner import JobRunner
from strata.events.tables import facts, jobs


@dataclass(frozen=True, slots=True)
class Note:
    """Writes a fact that says it ran."""

    kind: ClassVar[str] = "test.note"
    repo_id: int

    def run(self, call: Call) -> None:
        with working(call) as work:
            record(work, f"ran.{self.repo_id}")


@dataclass(frozen=True, slots=True)
class Break:
    """Fails every time."""

    kind: ClassVar[str] = "test.break"
    reason: str

    def run(self, call: Call) -> None:
        raise RuntimeError(f"{self.reason} at {call.now}")


@dataclass(frozen=True, slots=True)
class Surrender:
    """Knows that trying again is pointless."""

    kind: ClassVar[str] = "test.surrender"

    def run(self, call: Call) -> None:
        raise GiveUp(f"never, at {call.now}")


@dataclass(frozen=True, slots=True)
class Again:
    """Is queued a second time while it runs, once."""

    kind: ClassVar[str] = "test.again"

    def run(self, call: Call) -> None:
        with working(call) as work:
            ran = work.db.scalar(sa.select(sa.func.count()).select_from(facts)) or 0
            record(work, "ran.again")
            if ran == 0:
                enqueue(work, self)


REGISTRY: dict[str, type[Job]] = {
    Note.kind: Note,
    Break.kind: Break,
    Surrender.kind: Surrender,
    Again.kind: Again,
}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give a hub in which `repo.content` is reacted to, on the database of the parameter."""
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(built, reactions={"repo.content": (Note.kind,)})
    built.database.close()


def queued(hub: Hub, *several: Job, after: timedelta = timedelta(0)) -> None:
    with reading(hub) as call, working(call) as work:
        for job in several:
            enqueue(work, job, after=after)


def waiting(hub: Hub) -> list[sa.Row[tuple[object, ...]]]:
    with hub.database.reading() as db:
        return list(db.execute(sa.select(jobs).order_by(jobs.c.id)))


def happened(hub: Hub) -> list[str]:
    with hub.database.reading() as db:
        return list(db.scalars(sa.select(facts.c.name).order_by(facts.c.id)))


def test_a_fact_says_who_what_and_from_where(hub: Hub, clock: FrozenClock) -> None:
    token = TokenFacts(7, "laptop", TokenRole.WRITE, clock())
    actor = Actor(user_id=3, name="alice", token=token)
    origin = Origin(ip="203.0.113.7", user_agent="u" * 600, request_id="r1")

    with reading(hub, actor, origin) as call, working(call) as work:
        record(work, "repo.create", target="alice/m", repo_id=5, detail={"private": True})

    with hub.database.reading() as db:
        row = db.execute(sa.select(facts)).one()
    assert (row.name, row.target, row.detail) == ("repo.create", "alice/m", {"private": True})
    assert (row.actor_id, row.token_id, row.repo_id) == (3, 7, 5)
    assert (row.at, row.ip, row.request_id) == (clock(), "203.0.113.7", "r1")
    assert len(row.user_agent) == 512


def test_a_fact_queues_what_reacts_to_it_once_a_repo(hub: Hub) -> None:
    with reading(hub) as call, working(call) as work:
        for repo_id in (1, 2, 1):
            record(work, "repo.content", repo_id=repo_id)
        record(work, "repo.like", repo_id=1)

    assert run_due(hub, REGISTRY) == 2
    assert happened(hub)[-2:] == ["ran.1", "ran.2"]
    assert waiting(hub) == []


def test_a_transaction_that_fails_leaves_neither_fact_nor_job(hub: Hub) -> None:
    def fail(work: Work) -> None:
        record(work, "repo.content", repo_id=1)
        raise RuntimeError("power cut")

    with reading(hub) as call, pytest.raises(RuntimeError), working(call) as work:
        fail(work)

    assert (happened(hub), waiting(hub)) == ([], [])


def test_a_job_waits_until_it_is_due(hub: Hub, clock: FrozenClock) -> None:
    queued(hub, Note(1), after=timedelta(minutes=5))

    assert run_due(hub, REGISTRY) == 0
    with reading(hub) as call:
        assert next_due(call) == clock() + timedelta(minutes=5)
    clock.advance(timedelta(minutes=5))
    assert run_due(hub, REGISTRY) == 1


def test_an_empty_queue_has_no_next_time(hub: Hub) -> None:
    with reading(hub) as call:
        assert next_due(call) is None


def test_a_failing_job_is_tried_again_with_growing_pauses(hub: Hub, clock: FrozenClock) -> None:
    queued(hub, Break("wall"))
    pauses = []

    for _ in range(4):
        assert run_due(hub, REGISTRY) == 1
        (row,) = waiting(hub)
        pauses.append((row.due - clock()).total_seconds())
        clock.advance(row.due - clock())

    assert pauses == [2, 4, 8, 16]
    assert "wall" in waiting(hub)[0].last_error


def test_a_failing_job_does_not_hold_up_the_others(hub: Hub) -> None:
    queued(hub, Break("wall"), Note(1))

    assert run_due(hub, REGISTRY) == 2
    assert happened(hub) == ["ran.1"]


def test_a_job_that_never_succeeds_is_kept_and_marked(hub: Hub, clock: FrozenClock) -> None:
    queued(hub, Break("wall"))

    for _ in range(MAX_ATTEMPTS):
        run_due(hub, REGISTRY)
        clock.advance(timedelta(hours=2))

    (row,) = waiting(hub)
    assert row.failed_at is not None
    assert row.attempts == MAX_ATTEMPTS
    assert run_due(hub, REGISTRY) == 0
    with reading(hub) as call:
        assert next_due(call) is None


def test_a_job_may_give_up_at_once_and_be_queued_anew(hub: Hub) -> None:
    queued(hub, Surrender())
    run_due(hub, REGISTRY)
    (row,) = waiting(hub)
    assert row.failed_at is not None
    assert row.last_error.startswith("never")

    queued(hub, Surrender())

    (row,) = waiting(hub)
    assert row.failed_at is None


def test_a_job_of_an_unknown_kind_is_kept_for_a_newer_version(hub: Hub) -> None:
    queued(hub, Note(1))

    run_due(hub, {})

    (row,) = waiting(hub)
    assert (row.kind, row.failed_at) == (Note.kind, None)


def test_a_job_queued_while_it_runs_runs_once_more(hub: Hub) -> None:
    queued(hub, Again())

    assert run_due(hub, REGISTRY) == 2
    assert happened(hub) == ["ran.again", "ran.again"]
    assert waiting(hub) == []


def test_a_job_whose_process_died_is_taken_again(hub: Hub, clock: FrozenClock) -> None:
    queued(hub, Note(1))
    with hub.database.writing() as db:  # what a process that died in the middle leaves
        db.execute(sa.update(jobs).values(locked_until=clock() + timedelta(minutes=10)))

    assert run_due(hub, REGISTRY) == 0
    clock.advance(timedelta(minutes=10, seconds=1))
    assert run_due(hub, REGISTRY) == 1


def test_two_runners_share_the_queue(hub: Hub) -> None:
    queued(hub, *[Note(number) for number in range(20)])
    ran: list[int] = []
    threads = [
        threading.Thread(target=lambda: ran.append(run_due(hub, REGISTRY))) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(ran) == 20
    assert sorted(happened(hub)) == sorted(f"ran.{number}" for number in range(20))


def test_the_runner_wakes_when_a_job_is_written(hub: Hub) -> None:
    done = threading.Event()

    @dataclass(frozen=True, slots=True)
    class Signal:
        kind: ClassVar[str] = "test.signal"

        def run(self, call: Call) -> None:
            assert call.actor.system
            done.set()

    runner = JobRunner(hub, {Signal.kind: Signal})
    runner.start()
    try:
        queued(hub, Signal())
        assert done.wait(10)
    finally:
        runner.stop()
    assert waiting(hub) == []


def test_a_slow_kind_has_a_lane_of_its_own(hub: Hub) -> None:
    queued(hub, Note(1), Surrender())
    slow = Lane(only=frozenset({Surrender.kind}))
    others = Lane(never=slow.only)

    assert run_due(hub, REGISTRY, slow) == 1
    with reading(hub) as call:
        assert next_due(call, slow) is None
        assert next_due(call, others) == hub.clock()
    assert happened(hub) == []
    assert run_due(hub, REGISTRY, others) == 1
    assert happened(hub) == ["ran.1"]


@pytest.mark.slow
def test_a_runner_that_waits_holds_up_no_other_lane_nor_its_own_threads(hub: Hub) -> None:
    running = threading.Semaphore(0)
    over = threading.Event()

    @dataclass(frozen=True, slots=True)
    class Wait:
        kind: ClassVar[str] = "test.wait"
        number: int

        def run(self, call: Call) -> None:
            assert call.actor.system
            running.release()
            assert over.wait(20)

    registry: dict[str, type[Job]] = {Wait.kind: Wait, Note.kind: Note}
    slow = Lane(only=frozenset({Wait.kind}))
    runners = [
        JobRunner(hub, registry, slow, threads=2),
        JobRunner(hub, registry, Lane(never=slow.only)),
    ]
    for runner in runners:
        runner.start()
    try:
        queued(hub, Wait(1), Wait(2), Wait(3), Note(1))
        assert running.acquire(timeout=10)
        assert running.acquire(timeout=10)
        deadline = time.monotonic() + 10
        while happened(hub) != ["ran.1"] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert happened(hub) == ["ran.1"]
        assert not running.acquire(timeout=0.2)  # the third waits for a thread
    finally:
        over.set()
        for runner in runners:
            runner.stop()


def test_whoever_listens_is_told_within_the_transaction(hub: Hub) -> None:
    heard: list[tuple[str, int]] = []

    def listen(work: Work, fact: Fact) -> None:
        written = work.db.scalar(sa.select(sa.func.count()).select_from(facts)) or 0
        heard.append((fact.name, written))
        if fact.name == "repo.bad":
            raise RuntimeError(fact.detail["why"])

    listening = replace(hub, listeners=(listen,))
    with reading(listening) as call, working(call) as work:
        record(work, "repo.good", repo_id=1)
    with (
        pytest.raises(RuntimeError, match="because"),
        reading(listening) as call,
        working(call) as work,
    ):
        record(work, "repo.bad", detail={"why": "because"})

    assert heard == [("repo.good", 1), ("repo.bad", 2)]
    assert happened(hub) == ["repo.good"]


def test_a_job_whose_time_has_not_come_is_no_failure(hub: Hub, clock: FrozenClock) -> None:
    @dataclass(frozen=True, slots=True)
    class Patient:
        kind: ClassVar[str] = "test.patient"

        def run(self, call: Call) -> None:
            if call.now < START + timedelta(hours=1):
                raise Later(timedelta(hours=1))

    registry: dict[str, type[Job]] = {Patient.kind: Patient}
    queued(hub, Patient())
    assert run_due(hub, registry) == 1
    (row,) = waiting(hub)
    assert (row.due, row.attempts, row.last_error) == (START + timedelta(hours=1), 0, None)
    assert run_due(hub, registry) == 0
    clock.advance(timedelta(hours=1))
    assert run_due(hub, registry) == 1
    assert waiting(hub) == []
