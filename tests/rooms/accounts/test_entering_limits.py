"""Each limit of those who get in is a setting (product §3.6): what is chosen is what holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doors.pages.visitors import Visitor
from fixtures.accounts import (
    HERE,
    PASSWORD,
    calling,
    fact_names,
    in_session,
    inbox,
    joined,
    made,
)
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.log_ins import enter as enter_by_passkey, finish, signed_in, ticket, with_app
from fixtures.programs import started
from strata.accounts.factors.halfway import Ticket
from strata.core.actor import Actor
from strata.core.errors import (
    BadCredentials,
    InvalidFields,
    Locked,
    NotFound,
    ProofNeeded,
    StrataError,
    TooMany,
)
from strata.core.hub import Hub
from strata.credentials.oauth.device import deciding
from strata.events.jobs import run_due
from strata.membership import recovery
from strata.membership.confirming import mailing
from strata.sessions.entering import login
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.entering.waiting import SendLogInLink, Waiting
from strata.sessions.entering.warning import WarnOfGuesses, WarnOfSpraying
from strata.sessions.passwords import changing
from strata.sessions.protecting.finishing import Second
from strata.sessions.signed_in import sudo

WRONG = "Wrong-Horse!b"
MINE = Browser(forms="my form cookie")
JOBS = {one.kind: one for one in (recovery.SendReset, SendLogInLink, WarnOfGuesses, WarnOfSpraying)}

Chosen = Callable[..., Hub]


@pytest.fixture
def chosen(tmp_path: Path, clock: FrozenClock) -> Iterator[Chosen]:
    """Give a hub with these limits; from its addresses no work is taken in place of a wait."""
    built: list[Hub] = []

    def choose(**limits: object) -> Hub:
        settings: dict[str, Any] = {f"entering.{name}": value for name, value in limits.items()}
        settings["accounts.log_in_work_bits"] = 0
        built.append(build_test_hub(tmp_path / f"data{len(built)}", clock=clock, **settings))
        return built[-1]

    yield choose
    for hub in built:
        hub.database.close()


def enter(
    hub: Hub, who: str, password: str = PASSWORD, *, ip: str = HERE.ip, browser: Browser = MINE
) -> LoggedIn | Ticket | Waiting:
    with calling(hub, origin=replace(HERE, ip=ip)) as call:
        return login.log_in(call, login.LogIn(who, password, browser))


def met(act: Callable[[], object]) -> type[object]:
    """What came of it: how it was refused, or what it gave."""
    try:
        return type(act())
    except StrataError as error:
        return type(error)


def guessed(hub: Hub, *names: str, ip: str = HERE.ip) -> list[type[object]]:
    return [met(lambda who=who: enter(hub, who, WRONG, ip=ip)) for who in names]  # type: ignore[misc]  # bound at once


def post(hub: Hub) -> None:
    while run_due(hub, JOBS):
        pass


@contextmanager
def too_many(seconds: int) -> Iterator[None]:
    """Insist on a wait of so long, give or take the minute in which things are counted."""
    with pytest.raises(TooMany) as refused:
        yield
    assert seconds - 60 < refused.value.retry_after_s <= seconds + 1


def test_one_name_from_one_address(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(pair_failures=2, pair_minutes=2, pair_wait_minutes=(3, 7))
    made(hub, "alice")
    for minutes in (3, 7, 7):
        assert guessed(hub, "alice", "alice", "alice") == [BadCredentials, BadCredentials, Locked]
        with too_many(minutes * 60):
            enter(hub, "alice")
        clock.advance(timedelta(minutes=minutes, seconds=1))
    assert met(lambda: enter(hub, "alice")) is LoggedIn


def test_one_name_from_anywhere(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(name_failures=3, name_minutes=10, name_guard_minutes=5)
    made(hub, "alice")
    elsewhere = [f"198.51.{number}.1" for number in range(5)]
    for ip in elsewhere[:2]:
        guessed(hub, "alice", ip=ip)
    clock.advance(timedelta(minutes=10))
    for ip in elsewhere[2:4]:
        guessed(hub, "alice", ip=ip)
    assert met(lambda: enter(hub, "alice", browser=Browser())) is LoggedIn
    guessed(hub, "alice", ip=elsewhere[4])
    assert met(lambda: enter(hub, "alice")) is Waiting
    post(hub)
    assert "For 5 min, browsers" in inbox(hub, "alice@example.org")[0].text
    clock.advance(timedelta(minutes=5))
    assert met(lambda: enter(hub, "alice")) is LoggedIn


def test_one_address_by_password_and_by_passkey(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(address_failures=2, address_minutes=3)
    made(hub, "alice")
    guessed(hub, "a", "b")
    with too_many(180):
        enter(hub, "alice")
    refused = [met(lambda: enter_by_passkey(hub, "{}")) for _ in range(3)]
    assert refused == [InvalidFields, InvalidFields, TooMany]
    clock.advance(timedelta(minutes=3))
    assert met(lambda: enter(hub, "alice")) is LoggedIn
    assert met(lambda: enter_by_passkey(hub, "{}")) is InvalidFields


def test_many_names_from_one_address(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(spraying_names=3, spraying_minutes=2, spraying_wait_minutes=4)
    made(hub, "root-of-it", admin=True)
    guessed(hub, "a", "b")
    clock.advance(timedelta(minutes=2))
    guessed(hub, "c", "d")
    assert met(lambda: enter(hub, "root-of-it")) is LoggedIn
    guessed(hub, "e")
    assert fact_names(hub)[-1] == "account.lockout"
    with too_many(240):
        enter(hub, "root-of-it")
    post(hub)
    assert "cannot log in for 4 min" in inbox(hub, "root-of-it@example.org")[-1].text
    clock.advance(timedelta(minutes=4))
    assert met(lambda: enter(hub, "root-of-it")) is LoggedIn


def test_the_second_factor(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(factor_tries_per_5_minutes=2, factor_tries_per_hour=3, factor_tries_per_day=4)
    with_app(hub, signed_in(hub, "alice"))

    def tried() -> list[type[object]]:
        return [met(lambda: finish(hub, ticket(hub), Second(code="000000"))) for _ in range(3)]

    wrong = InvalidFields
    for minutes, expected in (
        (5, [wrong, wrong, TooMany]),
        (60, [wrong, TooMany, TooMany]),  # of the hour
        (24 * 60, [wrong, TooMany, TooMany]),  # of the day
        (0, [wrong, wrong, TooMany]),
    ):
        assert tried() == expected
        clock.advance(timedelta(minutes=minutes))


def test_who_allows_less_than_the_owner_is_told_of_has_them_told_earlier(chosen: Chosen) -> None:
    hub = chosen(factor_tries_per_5_minutes=2, factor_tries_per_hour=2)
    with_app(hub, signed_in(hub, "alice"))
    before = len(inbox(hub, "alice@example.org"))
    told = []
    for _ in range(2):
        with pytest.raises(InvalidFields):
            finish(hub, ticket(hub), Second(code="000000"))
        told.append(len(inbox(hub, "alice@example.org")) - before)
    assert told == [0, 1]


def test_proofs(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(proof_tries=2, proof_minutes=3)
    alice = signed_in(hub, "alice")

    def prove(password: str) -> sudo.Proved:
        with calling(hub, alice) as call:
            return sudo.prove(call, sudo.Proof(password=password))

    assert [met(lambda: prove(WRONG)) for _ in range(2)] == [ProofNeeded] * 2
    with too_many(180):
        prove(PASSWORD)
    clock.advance(timedelta(minutes=3))
    assert met(lambda: prove(PASSWORD)) is sudo.Proved


def test_the_current_password(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(proof_tries=2, proof_minutes=3)
    alice = signed_in(hub, "alice")

    def change(current: str) -> object:
        with calling(hub, alice) as call:
            return changing.change_password(call, changing.Change(current, "An0ther-Horse!b"))

    assert [met(lambda: change(WRONG)) for _ in range(2)] == [InvalidFields] * 2
    with too_many(180):
        change(PASSWORD)
    clock.advance(timedelta(minutes=3))
    change(PASSWORD)


def test_codes_of_programs(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(device_tries=2, device_minutes=3)
    alice, code = made(hub, "alice"), started(hub).user_code

    def look(typed: str, ip: str = HERE.ip) -> deciding.Device:
        with calling(hub, alice, replace(HERE, ip=ip)) as call:
            return deciding.found(call, typed)

    assert [met(lambda: look("BBBB-BBBB")) for _ in range(2)] == [NotFound] * 2
    for ip in (HERE.ip, "198.51.100.9"):
        with too_many(180):
            look(code, ip)
    clock.advance(timedelta(minutes=3))
    assert met(lambda: look(code)) is deciding.Device


def test_mails_about_a_forgotten_password(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(reset_mails_per_day=2, reset_requests_per_hour=3)
    made(hub, "alice")

    def ask() -> None:
        with calling(hub) as call:
            recovery.ask(call, "alice")
        post(hub)

    def mails() -> int:
        return len(inbox(hub, "alice@example.org"))

    assert [met(ask) for _ in range(4)] == [type(None)] * 3 + [TooMany]
    assert mails() == 2
    clock.advance(timedelta(hours=1))
    ask()
    assert mails() == 2
    clock.advance(timedelta(days=1))
    ask()
    assert mails() == 3


def test_links_of_log_ins_that_wait(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(log_in_mails_per_hour=1, name_failures=1, name_guard_minutes=1440)
    made(hub, "alice")
    guessed(hub, "alice", ip="198.51.100.1")
    for sent in (1, 1):
        assert met(lambda: enter(hub, "alice")) is Waiting
        post(hub)
        assert fact_names(hub).count("account.login_mailed") == sent
    clock.advance(timedelta(hours=1))
    assert met(lambda: enter(hub, "alice")) is Waiting
    post(hub)
    assert fact_names(hub).count("account.login_mailed") == 2


def test_codes_by_mail(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(proof_mails_per_hour=1)
    alice = in_session(hub, "alice")

    def ask() -> None:
        with calling(hub, alice) as call:
            sudo.prove(call, sudo.Proof(by_mail=True))

    assert [met(ask), met(ask)] == [ProofNeeded, TooMany]
    clock.advance(timedelta(hours=1))
    assert met(ask) is ProofNeeded


def test_mails_that_confirm_a_new_account(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(verify_pause_s=5, verify_mails_per_6_hours=2, verify_mails_per_day=3)
    newcomer = signed_up(hub, "alice")

    def resend() -> None:
        with calling(hub, newcomer) as call:
            mailing.resend(call)

    for _ in range(2):
        with pytest.raises(TooMany) as soon:
            resend()
        assert soon.value.retry_after_s == 6
        clock.advance(timedelta(seconds=5))
        resend()
    clock.advance(timedelta(seconds=5))
    with too_many(6 * 3600):
        resend()
    clock.advance(timedelta(hours=6))
    resend()
    clock.advance(timedelta(seconds=5))
    with too_many(18 * 3600):
        resend()


def signed_up(hub: Hub, name: str) -> Actor:
    newcomer = joined(hub, name)
    return Actor(user_id=newcomer.user_id, name=name, session_id=newcomer.session.id)


def test_the_page_counts_down_the_pause_that_is_kept(chosen: Chosen) -> None:
    visitor = Visitor(chosen(verify_pause_s=7))
    visitor.join("alice")
    assert 'data-countdown="7"' in visitor.open("/verify-email").text
    assert 'data-countdown="7"' in visitor.open("/verify-email?sent=1").text


def test_mails_to_an_address_that_many_accounts_name(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(verify_mails_per_6_hours=1, verify_mails_per_day=1, verify_mails_to_one_per_day=2)
    for name in ("a1", "a2", "a3"):
        joined(hub, name, email="victim@example.org")
    assert len(inbox(hub, "victim@example.org")) == 2
    clock.advance(timedelta(days=1))
    joined(hub, "a4", email="victim@example.org")
    assert len(inbox(hub, "victim@example.org")) == 3


def test_other_addresses_before_one_is_confirmed(chosen: Chosen, clock: FrozenClock) -> None:
    hub = chosen(verify_changes_per_day=1)
    newcomer = signed_up(hub, "alice")

    def change(email: str) -> None:
        with calling(hub, newcomer) as call:
            mailing.change_address(call, email)

    change("first@example.org")
    with too_many(24 * 3600):
        change("second@example.org")
    clock.advance(timedelta(days=1))
    change("second@example.org")
