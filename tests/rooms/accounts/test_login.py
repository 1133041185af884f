"""Logging in, and what stops those who guess."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from fixtures.accounts import (
    HERE,
    PASSWORD,
    calling,
    entered,
    fact_names,
    inbox,
    joined,
    made,
    person,
)
from fixtures.hubs import FrozenClock
from strata.accounts import limits
from strata.accounts.passwords import hashing
from strata.accounts.tables import attempts, users
from strata.core.call import Origin, working
from strata.core.errors import BadCredentials, Locked, TooMany, WorkNeeded
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.sessions.entering import login
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.entering.warning import WarnOfSpraying
from strata.sessions.signed_in import sessions

WRONG = "Wrong-Horse!b"


def enter(
    hub: Hub, who: str, password: str = PASSWORD, *, origin: Origin = HERE, remember: bool = False
) -> LoggedIn:
    with calling(hub, origin=origin) as call:
        wanted = login.LogIn(who, password, Browser(remember=remember))
        return entered(login.log_in(call, wanted))


def fail(hub: Hub, who: str, *, origin: Origin = HERE) -> type[Exception]:
    with pytest.raises((BadCredentials, TooMany)) as caught:
        enter(hub, who, WRONG, origin=origin)
    return caught.type


@pytest.mark.parametrize("who", ["alice", "ALICE", "alice@example.org", " Alice@Example.ORG "])
def test_name_and_address_both_open_a_session(hub: Hub, who: str) -> None:
    alice = made(hub, "alice")

    entered = enter(hub, who)

    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, entered.session.cookie)
    assert actor is not None
    assert actor.session_mark
    kept = replace(actor, session_mark="", proved_until=alice.proved_until)
    assert kept == replace(alice, session_id=entered.session.id)
    assert fact_names(hub)[-1] == "account.login"
    assert person(hub, "alice").last_login_at == hub.clock()


def test_all_failures_say_the_same(hub: Hub) -> None:
    made(hub, "alice")
    made(hub, "tokens-only", password=None)
    messages = set()

    for who in ("alice", "nobody", "tokens-only", "alice@example.org", "no@example.org", "@", ""):
        with pytest.raises(BadCredentials) as caught:
            enter(hub, who, WRONG)
        messages.add(str(caught.value))

    assert messages == {"auth.bad_credentials"}
    assert fact_names(hub).count("account.login_failed") == 7


def test_an_absurdly_long_name_and_password_are_just_wrong(hub: Hub) -> None:
    with pytest.raises(BadCredentials):
        enter(hub, "x" * 100_000, "y" * 100_000)


@pytest.mark.parametrize("who", ["fresh@example.org", "owner@example.org"])
def test_logging_in_does_not_tell_whose_the_address_was(hub: Hub, who: str) -> None:
    made(hub, "owner", password="An0ther-Horse!")
    joined(hub, "alice", email=who)

    assert enter(hub, who).name == "alice"
    assert enter(hub, "alice").name == "alice"


def test_the_owner_still_gets_in_by_address(hub: Hub) -> None:
    made(hub, "owner", password="An0ther-Horse!")
    joined(hub, "alice", email="owner@example.org")

    assert enter(hub, "owner@example.org", "An0ther-Horse!").name == "owner"


def test_a_log_in_ends_the_session_it_replaces(hub: Hub) -> None:
    made(hub, "alice")
    first = enter(hub, "alice")

    with calling(hub) as call:
        again = login.LogIn("alice", PASSWORD, Browser(replaces=first.session.cookie))
        second = entered(login.log_in(call, again))

    with calling(hub) as call:
        assert sessions.actor_for_session(call.db, hub, first.session.cookie) is None
        assert sessions.actor_for_session(call.db, hub, second.session.cookie) is not None


def test_an_outdated_hash_is_renewed(hub: Hub) -> None:
    made(hub, "alice")
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(password_hash=older))

    enter(hub, "alice")

    kept = person(hub, "alice").password_hash
    assert kept is not None
    assert not hashing.is_outdated(hub, kept)
    enter(hub, "alice")


@pytest.mark.parametrize("who", ["alice", "nobody"])
def test_after_five_failures_even_the_right_password_waits(
    hub: Hub, clock: FrozenClock, who: str
) -> None:
    made(hub, "alice")
    assert [fail(hub, who) for _ in range(6)] == [BadCredentials] * 5 + [Locked]

    with pytest.raises(TooMany) as caught:
        enter(hub, who)

    assert 50 < caught.value.retry_after_s <= 61
    clock.advance(timedelta(seconds=caught.value.retry_after_s))
    assert fail(hub, who) is BadCredentials


def test_the_wait_grows(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    waits = []
    for _ in range(4):
        fail(hub, "alice")

    for _ in range(3):
        fail(hub, "alice")
        with pytest.raises(TooMany) as caught:
            enter(hub, "alice")
        waits.append(round(caught.value.retry_after_s / 60))
        clock.advance(timedelta(seconds=caught.value.retry_after_s))

    assert waits == [1, 2, 4]


def test_success_forgives_earlier_failures(hub: Hub) -> None:
    made(hub, "alice")

    for _ in range(3):
        for _ in range(4):
            fail(hub, "alice")
        enter(hub, "alice")


def test_somebody_elses_failures_elsewhere_do_not_lock_the_person_out(hub: Hub) -> None:
    made(hub, "alice")
    for _ in range(6):
        fail(hub, "alice", origin=replace(HERE, ip="198.51.100.9"))

    assert enter(hub, "alice").name == "alice"


def test_parallel_guesses_do_not_slip_past_the_limit(hub: Hub) -> None:
    made(hub, "alice")
    met: list[type[Exception]] = []
    threads = [threading.Thread(target=lambda: met.append(fail(hub, "alice"))) for _ in range(12)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met.count(BadCredentials) == 5
    assert met.count(Locked) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shut", "asked", "unknown"),
    [
        ("alice", "alice@example.org", "nobody@example.org"),
        ("alice@example.org", "alice", "nobody"),
    ],
)
def test_shutting_one_name_out_does_not_tell_what_else_is_theirs(
    hub: Hub, shut: str, asked: str, unknown: str
) -> None:
    """Eve shuts Alice out under one name, and tries whether another one is shut out with it."""
    made(hub, "alice")
    answers = []
    for who, ip in ((asked, "198.51.100.1"), (unknown, "198.51.100.2")):
        eve = replace(HERE, ip=ip)
        assert [fail(hub, shut, origin=eve) for _ in range(6)][-1] is Locked
        spread = [fail(hub, f"{n}-{ip[-1]}", origin=eve) for n in range(8)]
        answers.append(spread + [fail(hub, who, origin=eve) for _ in range(3)])
    assert answers[0] == answers[1]
    assert answers[0][-1] is TooMany  # the tenth of whom somebody tried


def test_one_name_written_in_many_ways_is_one(hub: Hub) -> None:
    made(hub, "alice")
    for written in (
        "alice@example.org",
        "ALICE@example.org",
        " Alice@EXAMPLE.org ",
        "alice",
        "Alice",
    ):
        fail(hub, written)
    for written in ("alice@example.ORG", "aLICE@example.org"):
        assert fail(hub, written) is BadCredentials
    assert fail(hub, "alice@example.org") is Locked


@pytest.mark.slow
def test_one_address_has_thirty_failures(hub: Hub) -> None:
    made(hub, "alice")
    made(hub, "bob")
    for round_number in range(5):
        for who in ("a1", "a2", "a3", "a4", "a5", "a6"):
            assert fail(hub, who) is BadCredentials, round_number

    assert fail(hub, "bob") is WorkNeeded
    assert enter(hub, "bob", origin=replace(HERE, ip="198.51.100.9")).name == "bob"


@pytest.mark.slow
def test_an_office_may_log_in_as_often_as_it_likes(hub: Hub) -> None:
    for number in range(4):
        made(hub, f"worker{number}")

    for _ in range(9):
        for number in range(4):
            enter(hub, f"worker{number}")


def test_trying_ten_people_blocks_the_address_for_an_hour(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    for number in range(10):
        assert fail(hub, f"user{number}") is BadCredentials

    with pytest.raises(TooMany) as caught:
        enter(hub, "alice")

    assert caught.type is TooMany  # and not `Locked`: another password would not help
    assert 3500 < caught.value.retry_after_s <= 3601
    assert fact_names(hub)[-1] == "account.lockout"
    clock.advance(timedelta(hours=1))
    enter(hub, "alice")


@pytest.mark.slow
def test_who_runs_the_site_is_told_of_spraying_once_an_hour(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "root-of-it", admin=True)
    made(hub, "alice")
    jobs = {WarnOfSpraying.kind: WarnOfSpraying}

    def told() -> list[str]:
        while run_due(hub, jobs):
            pass
        assert inbox(hub, "alice@example.org") == []
        return [kept.text for kept in inbox(hub, "root-of-it@example.org")]

    for ip in ("198.51.100.1", "198.51.100.2"):
        for number in range(10):
            assert told() == [] or ip.endswith("2")
            fail(hub, f"user{number}", origin=replace(HERE, ip=ip))
    (only,) = told()
    assert "198.51.100.1" in only
    clock.advance(timedelta(minutes=61))
    for number in range(10):
        fail(hub, f"user{number}", origin=replace(HERE, ip="198.51.100.1"))
    assert len(told()) == 2


def test_counters_hold_no_name_and_no_address_of_a_person(hub: Hub) -> None:
    fail(hub, "secret-person@example.org")

    with hub.database.reading() as db:
        rows = db.execute(sa.select(attempts)).all()
    assert rows
    assert not any("secret" in str(row) for row in rows)


def test_the_tidying_keeps_what_still_counts(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    for _ in range(5):
        fail(hub, "alice")

    with calling(hub) as call:
        with working(call) as work:
            limits.forget_old(work)
        assert fail(hub, "alice") is Locked
        clock.advance(timedelta(days=2))
        with working(call) as work:
            limits.forget_old(work)
    with hub.database.reading() as db:
        assert db.execute(sa.select(attempts)).all() == []
