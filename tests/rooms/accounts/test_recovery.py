"""Forgotten passwords: the same answer to everybody, one link, one use."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    PASSWORD,
    calling,
    confirmation_in,
    entered,
    fact_names,
    inbox,
    joined,
    made,
    person,
)
from fixtures.hubs import FrozenClock
from strata.accounts.confirmed import claim
from strata.accounts.factors import remembered
from strata.core.actor import ANONYMOUS, Actor, TokenRole
from strata.core.call import Origin, working
from strata.core.errors import BadCredentials, InvalidFields, NotFound, TooMany
from strata.core.hub import Hub
from strata.credentials.tokens import making
from strata.credentials.tokens.presented import recognising
from strata.events.jobs import run_due
from strata.events.mails.tables import mails
from strata.membership import recovery
from strata.membership.emails import adding
from strata.sessions.entering import login
from strata.sessions.entering.entry import Browser
from strata.sessions.passwords import changing, reset
from strata.sessions.signed_in import browsers, sessions

OTHER = "An0ther-Horse!b"
JOBS = {recovery.SendReset.kind: recovery.SendReset}


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


def ask(hub: Hub, who: str, ip: str = "203.0.113.7") -> None:
    origin = Origin(base_url="http://localhost:8080", ip=ip)
    with calling(hub, ANONYMOUS, origin) as call:
        recovery.ask(call, who)
    while run_due(hub, JOBS):
        pass


def link(hub: Hub, email: str = "alice@example.org") -> str:
    return confirmation_in(inbox(hub, email)[-1])


def choose(hub: Hub, link: str, password: str = OTHER, **options: bool) -> None:
    with calling(hub) as call:
        recovery.choose(call, link, recovery.NewPassword(password, **options))


def enters(hub: Hub, password: str, *, agent: str = "a browser", ip: str = "203.0.113.7") -> bool:
    with calling(hub, origin=Origin(ip=ip, user_agent=agent)) as call:
        try:
            login.log_in(call, login.LogIn("alice", password))
        except BadCredentials:
            return False
        return True


def mails_sent(hub: Hub) -> int:
    with calling(hub) as call:
        return call.db.scalar(sa.select(sa.func.count()).select_from(mails)) or 0


def logged_in(hub: Hub, alice: Actor) -> sessions.Started:
    with calling(hub) as call, working(call) as work:
        return sessions.start(work, alice.user_id or 0, admin=False, remember=False)


def alive(hub: Hub, session: sessions.Started) -> bool:
    with calling(hub) as call:
        return sessions.actor_for_session(call.db, hub, session.cookie) is not None


@pytest.mark.parametrize("who", ["alice", " ALICE", "Alice@example.org"])
def test_a_link_gives_another_password_once(hub: Hub, alice: Actor, who: str) -> None:
    session = logged_in(hub, alice)
    ask(hub, who)
    mine = link(hub)
    choose(hub, mine)
    assert enters(hub, OTHER)
    assert not enters(hub, PASSWORD)
    assert not alive(hub, session)
    with pytest.raises(NotFound):
        choose(hub, mine, "Th1rd-Horse!c")
    assert {"account.password_reset_request", "account.password_reset"} <= set(fact_names(hub))
    assert "password of your account was changed" in inbox(hub, "alice@example.org")[-1].text


def test_every_confirmed_address_hears_of_a_reset(hub: Hub, alice: Actor) -> None:
    with calling(hub, alice) as call, working(call) as work:
        user = person(hub, "alice")
        assert claim(work, user.id, email="second@example.org", key="second@example.org")
    ask(hub, "alice@example.org")
    assert inbox(hub, "second@example.org") == []  # nobody asked there
    choose(hub, link(hub))
    for where in ("alice@example.org", "second@example.org"):
        assert "password of your account was changed" in inbox(hub, where)[-1].text


def test_sessions_and_tokens_stay_or_go_as_ticked(hub: Hub, alice: Actor) -> None:
    session = logged_in(hub, alice)
    with calling(hub, alice) as call, working(call) as work:
        token = making.create(work, "laptop", TokenRole.READ)

    def opens() -> bool:
        with calling(hub) as call:
            return recognising.actor_for_token(call.db, hub, token.value) is not None

    ask(hub, "alice")
    choose(hub, link(hub), sign_out=False)
    assert alive(hub, session)
    assert opens()
    ask(hub, "alice")
    choose(hub, link(hub), revoke_tokens=True)
    assert not opens()


@pytest.mark.usefixtures("alice")
def test_a_request_says_and_writes_the_same_whoever_is_meant(hub: Hub) -> None:
    """Only a job knows the difference, so neither the answer nor its time can tell."""
    before = mails_sent(hub)
    with calling(hub) as call:
        for who in ("alice", "nobody", "alice@example.org", "nobody@example.org", "", "@", "a\0b"):
            recovery.ask(call, who)
    assert mails_sent(hub) == before
    while run_due(hub, JOBS):
        pass
    assert mails_sent(hub) == before + 2


@pytest.mark.usefixtures("alice")
def test_only_the_newest_link_works_and_not_after_an_hour(hub: Hub, clock: FrozenClock) -> None:
    ask(hub, "alice")
    older = link(hub)
    ask(hub, "alice")
    newer = link(hub)
    with pytest.raises(NotFound):
        choose(hub, older)
    clock.advance(timedelta(hours=1))
    with pytest.raises(NotFound):
        choose(hub, newer)
    assert enters(hub, PASSWORD)


def test_a_change_of_password_or_addresses_kills_the_link(hub: Hub, alice: Actor) -> None:
    ask(hub, "alice")
    mine = link(hub)
    session = logged_in(hub, alice)
    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, session.cookie)
    assert actor is not None
    with calling(hub, actor) as call:
        changing.change_password(call, changing.Change(PASSWORD, OTHER))
    with pytest.raises(NotFound):
        choose(hub, mine)

    with calling(hub, alice) as call, working(call) as work:
        adding.add(work, "alice@other.example", primary=True)
    confirm = link(hub, "alice@other.example")
    ask(hub, "alice")
    mine = link(hub)
    with calling(hub) as call, working(call) as work:
        adding.confirm(work, confirm)
    with pytest.raises(NotFound):
        choose(hub, mine)


def test_the_current_password_is_not_guessed_in_the_settings(hub: Hub, alice: Actor) -> None:
    for tried in (PASSWORD, *["Wr0ng-Horse!"] * 5):
        refused = pytest.raises(InvalidFields, match=r"pw\.wrong" if tried != PASSWORD else "short")
        with calling(hub, alice) as call, refused:
            changing.change_password(call, changing.Change(tried, "short"))
    with calling(hub, alice) as call, pytest.raises(TooMany):
        changing.change_password(call, changing.Change(PASSWORD, OTHER))
    assert enters(hub, PASSWORD)


def test_an_unconfirmed_account_gets_its_confirmation_instead(hub: Hub) -> None:
    joined(hub, "newcomer")
    ask(hub, "newcomer@example.org")
    first, again = inbox(hub, "newcomer@example.org")
    assert "/email_confirmation/" in again.text
    assert link(hub, "newcomer@example.org") != confirmation_in(first)


@pytest.mark.usefixtures("alice")
def test_a_password_that_breaks_rules_leaves_the_link_alone(hub: Hub) -> None:
    ask(hub, "alice")
    mine = link(hub)
    for weak in ("short", "alice-Alice1!", "Password!"):
        with pytest.raises(InvalidFields):
            choose(hub, mine, weak)
    choose(hub, mine)


@pytest.mark.usefixtures("alice")
def test_mails_to_one_account_and_requests_from_one_place_are_bounded(hub: Hub) -> None:
    before = mails_sent(hub)
    for number in range(8):
        ask(hub, "alice", ip=f"198.51.{number}.1")
    assert mails_sent(hub) == before + 5
    for _ in range(10):
        ask(hub, "nobody")
    with pytest.raises(TooMany):
        ask(hub, "nobody")


@pytest.mark.usefixtures("alice")
def test_a_made_up_link_opens_nothing(hub: Hub) -> None:
    ask(hub, "alice")
    with calling(hub) as call:
        for wrong in ("", "x", "x" * 10_000, link(hub)[:-1]):
            assert reset.owner_of_link(call, wrong) is None


@pytest.mark.usefixtures("alice")
def test_a_new_browser_is_told_to_the_owner_and_a_known_one_is_not(hub: Hub) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    safari = (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.0 Safari/605.1.15"
    )

    def told() -> int:
        return sum("New sign-in" in kept.subject for kept in inbox(hub, "alice@example.org"))

    assert enters(hub, PASSWORD, agent=firefox)
    assert told() == 0  # the first one ever
    assert enters(hub, PASSWORD, agent=firefox, ip="203.0.99.1")
    assert told() == 0  # the same family from the same wider network
    assert enters(hub, PASSWORD, agent=safari, ip="198.51.100.1")
    assert told() == 1
    assert "Safari on Mac OS X" in inbox(hub, "alice@example.org")[-1].text
    assert not enters(hub, "Wr0ng-Horse!", agent="curl", ip="192.0.2.1")
    assert told() == 1


@pytest.mark.usefixtures("alice")
def test_a_cookie_makes_a_browser_known_wherever_it_goes_but_to_its_owner_alone(hub: Hub) -> None:
    bob = made(hub, "bob")
    with calling(hub, origin=Origin(ip="203.0.113.7", user_agent="one")) as call:
        first = entered(login.log_in(call, login.LogIn("alice", PASSWORD)))
        login.log_in(call, login.LogIn("bob", PASSWORD))
    before = mails_sent(hub)
    elsewhere = Origin(ip="192.0.2.1", user_agent="two")
    with calling(hub, origin=elsewhere) as call:
        login.log_in(call, login.LogIn("alice", PASSWORD, Browser(device=first.device)))
    assert mails_sent(hub) == before
    with calling(hub, origin=elsewhere) as call:
        login.log_in(call, login.LogIn(bob.name or "", PASSWORD, Browser(device=first.device)))
    assert mails_sent(hub) == before + 1


def test_a_planted_cookie_makes_no_browser_known(hub: Hub, alice: Actor) -> None:
    """Mallory puts a cookie into the browser of alice: one made up, or her own."""
    made(hub, "mallory")
    with calling(hub) as call:
        mallorys = entered(login.log_in(call, login.LogIn("mallory", PASSWORD))).device
        for planted in ("made up", mallorys):
            form = login.LogIn("alice", PASSWORD, Browser(device=planted))
            kept = entered(login.log_in(call, form)).device
            assert kept != planted
            assert not browsers.is_known(call, alice.user_id or 0, planted)
            assert browsers.is_known(call, alice.user_id or 0, kept)
            again = login.LogIn("alice", PASSWORD, Browser(device=kept))
            assert entered(login.log_in(call, again)).device == kept


def test_an_unreadable_browser_has_no_family() -> None:
    assert browsers.family_of("") == browsers.family_of("\0" * 9999) == ""


@pytest.mark.usefixtures("alice")
def test_another_password_ends_the_waiting_of_its_owner(hub: Hub) -> None:
    for _ in range(4):
        assert not enters(hub, "Wr0ng-Horse!")
    with calling(hub) as call, pytest.raises((BadCredentials, TooMany)):
        login.log_in(call, login.LogIn("alice", "Wr0ng-Horse!"))
    with calling(hub) as call, pytest.raises(TooMany):
        login.log_in(call, login.LogIn("alice", PASSWORD))
    ask(hub, "alice")
    choose(hub, link(hub))
    assert enters(hub, OTHER)


def test_after_a_reset_every_browser_is_asked_for_the_second_factor_again(
    hub: Hub, alice: Actor
) -> None:
    """A thief's browser that passed as a remembered one does so no more (product §3.13)."""
    user_id = alice.user_id or 0
    with calling(hub) as call, working(call) as work:
        theirs = remembered.remember(work, user_id)
        assert remembered.knows(work, user_id, theirs)
    ask(hub, "alice")
    choose(hub, link(hub), sign_out=False)
    with calling(hub) as call:
        assert not remembered.knows(call, user_id, theirs)
        assert remembered.of(call, user_id) == []


def test_a_remembered_browser_passes_with_one_account_alone(hub: Hub, alice: Actor) -> None:
    bob = made(hub, "bob")
    with calling(hub) as call, working(call) as work:
        cookie = remembered.remember(work, alice.user_id or 0)
        assert not remembered.knows(work, bob.user_id or 0, cookie)
        assert not remembered.knows(work, alice.user_id or 0, cookie[:-4] + "AAAA")
