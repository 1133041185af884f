"""An address from which thirty log-ins failed works for each attempt, or waits (product §3.6)."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Visitor
from fixtures.accounts import HERE, PASSWORD, calling, entered, made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.log_ins import FORMS, shown, signed_in, with_passkey
from fixtures.puzzles import solved
from strata.accounts import limits, puzzles
from strata.accounts.puzzles import NOT_DONE, Done, Puzzle
from strata.accounts.tables import attempts
from strata.core.call import Origin, working
from strata.core.errors import (
    BadCredentials,
    InvalidFields,
    Locked,
    StrataError,
    TooMany,
    WorkNeeded,
)
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings
from strata.membership.joining.faults import work_of
from strata.sessions.entering import crowded, login
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.protecting import finishing

BITS = 6
WRONG = "Wrong-Horse!b"
ELSEWHERE = replace(HERE, ip="198.51.100.9")


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give a hub whose work takes no time."""
    built = a_hub(tmp_path / "data", clock, database_url)
    yield built
    built.database.close()


def a_hub(data: Path, clock: FrozenClock, url: str | None = None, bits: int = BITS) -> Hub:
    settings: dict[str, Any] = {
        "accounts.log_in_work_bits": bits,
        "accounts.sign_up_work_bits": BITS,
        "accounts.legacy_password_login": True,
    }
    return build_test_hub(data, clock=clock, database_url=url, **settings)


def crowd(hub: Hub, ip: str = HERE.ip) -> None:
    """Have thirty log-ins fail from an address, of few people: ten would be spraying."""
    with calling(hub) as call, working(call) as work:
        for number in range(hub.settings.entering.address_failures):
            key = crowded.key_of(limits.address_of(ip))
            limits.note(work, key, subject=f"person{number % 5}")


def enter(
    hub: Hub, who: str, done: Done = NOT_DONE, *, password: str = PASSWORD, origin: Origin = HERE
) -> LoggedIn:
    with calling(hub, origin=origin) as call:
        return entered(login.log_in(call, login.LogIn(who, password, Browser(), done)))


def asked(hub: Hub, *, origin: Origin = HERE) -> Puzzle:
    """Try once without work, and read what is asked for."""
    with pytest.raises(WorkNeeded) as refused:
        enter(hub, "alice", origin=origin)
    assert 0 < refused.value.retry_after_s <= 600
    assert f"Try again in {refused.value.retry_after_s} seconds." in refused.value.message
    return Puzzle(refused.value.bits, refused.value.ticket)


def test_who_works_is_judged_and_each_attempt_costs(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    crowd(hub)
    done = solved(asked(hub))
    assert enter(hub, "alice", done).name == "alice"
    with pytest.raises(WorkNeeded):
        enter(hub, "alice", done)
    for _ in range(2):
        spent = solved(asked(hub))
        for met in (BadCredentials, WorkNeeded):
            with pytest.raises(met):
                enter(hub, "alice", spent, password=WRONG)
    assert enter(hub, "alice", origin=ELSEWHERE).name == "alice"
    clock.advance(timedelta(minutes=11))
    assert enter(hub, "alice").name == "alice"


def test_what_is_guessed_by_work_stays_under_the_other_limits(hub: Hub) -> None:
    """Eve works for each guess: five at one person, and nine people, then nothing for an hour."""
    made(hub, "alice")
    crowd(hub)
    met = []
    for _ in range(6):
        with pytest.raises((BadCredentials, TooMany)) as refused:
            enter(hub, "alice", solved(asked_here(hub)), password=WRONG)
        met.append(refused.type)
    assert met == [BadCredentials] * 5 + [Locked]
    for number in range(4):  # with Alice and five before: ten of whom somebody tried
        with pytest.raises(BadCredentials):
            enter(hub, f"nobody{number}", solved(asked_here(hub)), password=WRONG)
    with calling(hub) as call:
        assert crowded.work_asked(call) == puzzles.NO_PUZZLE  # nothing opens an address of sprayers
    with pytest.raises(TooMany) as shut:
        enter(hub, "nobody9", Done("x", "1"))
    assert shut.type is TooMany
    assert shut.value.retry_after_s > 3500


def asked_here(hub: Hub) -> Puzzle:
    """What the page asks for before anything is tried."""
    with calling(hub) as call:
        found = crowded.work_asked(call)
    assert found.bits in (0, BITS)
    return found if found.bits else Puzzle(1, "none")


def test_work_that_was_done_for_something_else_opens_nothing(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    crowd(hub)
    crowd(hub, ELSEWHERE.ip)
    theirs = solved(asked(hub, origin=ELSEWHERE))
    fresh = asked(hub)
    with calling(hub) as call:
        of_sign_up = solved(puzzles.puzzle(call, work_of(call)))
    wrong = [
        theirs,
        of_sign_up,
        solved(fresh, right=False),
        Done(fresh.ticket),
        Done("", "1"),
        Done(fresh.ticket, "7" * 1000),
        Done("x" * 10_000, "7"),
    ]
    for done in wrong:
        with pytest.raises(WorkNeeded):
            enter(hub, "alice", done)
    late = solved(asked(hub))
    clock.advance(timedelta(minutes=9))
    crowd(hub)
    clock.advance(timedelta(minutes=1, seconds=1))
    with pytest.raises(WorkNeeded):
        enter(hub, "alice", late)


def test_one_ticket_is_spent_once_at_the_same_moment(hub: Hub) -> None:
    """Eve sends one answer many times at once, with another password each time."""
    made(hub, "alice")
    crowd(hub)
    done = solved(asked(hub))
    barrier = threading.Barrier(4)
    met: list[type[StrataError]] = []

    def send(number: int) -> None:
        barrier.wait()
        try:
            enter(hub, f"person{number}", done, password=WRONG)
        except StrataError as error:
            met.append(type(error))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.__name__ for one in met) == ["BadCredentials", *["WorkNeeded"] * 3]


def test_a_ticket_is_spent_also_when_the_minute_turns(hub: Hub, clock: FrozenClock) -> None:
    with calling(hub) as call:
        use = puzzles.Use("test.work", BITS, timedelta(minutes=10))
        done = solved(puzzles.puzzle(call, use))
        other = Done(done.ticket + "!", done.answer)  # base64 reads past what it does not know
        with working(call) as work:
            assert puzzles.spend(work, use, done)
    clock.advance(timedelta(minutes=3))
    with calling(hub) as call, working(call) as work:
        assert not puzzles.spend(work, use, done)
        assert not puzzles.spend(work, use, other)
        limits.forget_old(work)
        assert not puzzles.spend(work, use, done)


def test_where_no_work_is_offered_everybody_waits(tmp_path: Path, clock: FrozenClock) -> None:
    hub = a_hub(tmp_path / "none", clock, bits=0)
    made(hub, "alice")
    crowd(hub)
    with pytest.raises(TooMany) as refused:
        enter(hub, "alice", Done("x", "1"))
    assert refused.type is TooMany
    assert Visitor(hub, ip=HERE.ip).open("/login").text.count("data-work") == 0
    hub.database.close()
    with pytest.raises(BadSettings, match="log_in_work_bits"):
        load(environment={}, overrides={"accounts.log_in_work_bits": 25})


def test_who_worked_is_let_in_by_a_passkey_too(hub: Hub) -> None:
    """Thirty passkeys were refused here; passwords are counted apart."""
    key = with_passkey(hub, signed_in(hub, "alice"))
    crowd(hub)
    assert enter_by_passkey(hub, shown(hub, key)).name == "alice"
    for _ in range(30):
        with pytest.raises(InvalidFields):
            enter_by_passkey(hub, "{}")
    with pytest.raises(WorkNeeded) as refused:
        enter_by_passkey(hub, shown(hub, key))
    assert 0 < refused.value.retry_after_s <= 600
    done = solved(Puzzle(refused.value.bits, refused.value.ticket))
    assert enter_by_passkey(hub, shown(hub, key), done).name == "alice"
    with pytest.raises(WorkNeeded):
        enter_by_passkey(hub, shown(hub, key), done)
    with calling(hub, origin=ELSEWHERE) as call:
        assert crowded.passkey_work_asked(call) == puzzles.NO_PUZZLE


def enter_by_passkey(hub: Hub, answer: str, done: Done = NOT_DONE) -> LoggedIn:
    with calling(hub) as call:
        return finishing.enter_by_passkey(call, answer, Browser(forms=FORMS), done)


@pytest.fixture
def page_hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = a_hub(tmp_path / "pages", clock)
    yield built
    built.database.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "wait", "without"),
    [("en", "Otherwise try again in", "needs JavaScript"), ("zh-CN", "后重试", "需要 JavaScript")],
)
def test_the_page_asks_says_how_long_and_lets_who_worked_in(
    page_hub: Hub, language: str, wait: str, without: str
) -> None:
    made(page_hub, "alice")
    visitor = Visitor(page_hub, ip="203.0.113.7", language=language)
    assert "data-work" not in visitor.open("/login").text
    crowd(page_hub)
    assert without in visitor.open("/login").text  # before anything is typed
    refused = visitor.log_in("alice")
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    for words in (wait, without, f'data-work-bits="{BITS}"', "<progress", 'value="alice"'):
        assert words in refused.text
    assert PASSWORD not in refused.text

    hidden = refused.hidden("/login")
    done = solved(Puzzle(BITS, hidden["work_ticket"]))
    sent = hidden | {"work": done.answer, "username": "alice", "password": WRONG}
    wrong = visitor.send("/login", sent)
    assert wrong.status == 401
    hidden = wrong.hidden("/login")  # with the next puzzle at once
    done = solved(Puzzle(BITS, hidden["work_ticket"]))
    sent = hidden | {"work": done.answer, "username": "alice", "password": PASSWORD}
    assert visitor.send("/login", sent).status == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "wait"), [("en", "Otherwise try again in"), ("zh-CN", "后重试")]
)
def test_the_page_asks_who_shows_a_passkey_as_well(page_hub: Hub, language: str, wait: str) -> None:
    local = "http://localhost:8080"  # where browsers have passkeys
    visitor = Visitor(page_hub, ip="203.0.113.7", language=language, site=local)
    place = "/login/passkey"
    sent = visitor.open("/login").hidden(place) | {"passkey": "{}"}
    assert [visitor.send(place, sent).status for _ in range(30)] == [400] * 30
    refused = visitor.send(place, sent)
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    for words in (wait, f'data-work-bits="{BITS}"', 'id="strata-passkey-work"', "js/work.js"):
        assert words in refused.text
    assert "work_ticket" not in refused.hidden("/login")
    hidden = refused.hidden(place)
    done = solved(Puzzle(BITS, hidden["work_ticket"]))
    worked = hidden | {"passkey": "{}", "work": done.answer}
    assert visitor.send(place, worked).status == 400
    assert visitor.send(place, worked).status == 429


def test_a_script_reads_the_puzzle_and_sends_the_answer(page_hub: Hub) -> None:
    made(page_hub, "alice")
    crowd(page_hub)
    client = Visitor(page_hub, ip="203.0.113.7").client
    named = {"username": "alice", "password": PASSWORD}
    refused = client.post("/api/login", json=named)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    told = refused.json()["work"]
    assert told["algorithm"] == "sha256(ticket:number)"
    done = solved(Puzzle(told["bits"], told["ticket"]))
    worked = named | {"workTicket": done.ticket, "work": done.answer}
    assert client.post("/api/login", json=worked).json()["token"].startswith("hf_")
    assert client.post("/api/login", json=worked).status_code == 429


def test_asking_for_a_puzzle_writes_nothing(page_hub: Hub) -> None:
    crowd(page_hub)
    with page_hub.database.reading() as db:
        before = db.execute(sa.select(attempts)).all()
    Visitor(page_hub, ip="203.0.113.7").open("/login")
    with page_hub.database.reading() as db:
        assert db.execute(sa.select(attempts)).all() == before
