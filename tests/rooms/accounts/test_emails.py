"""Several addresses of one account: whose an address is, and who hears of a change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

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
from fixtures.races import beside, called, worked
from strata.accounts import confirmed, people
from strata.app.hub import LISTENERS
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.errors import (
    BadCredentials,
    EmailNotVerified,
    InvalidFields,
    NotFound,
    ProofNeeded,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.membership import recovery
from strata.membership.closing import suspend
from strata.membership.confirming import verification
from strata.membership.emails import adding, proved
from strata.membership.emails.adding import Outcome
from strata.sessions.entering import login, signing_out
from strata.sessions.passwords import changing, reset
from strata.sessions.signed_in import sessions

SECOND = "alice@other.example"

NEW = "An0ther-Horse!b"


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


def add(hub: Hub, actor: Actor, email: str = SECOND, *, primary: bool = False) -> None:
    with calling(hub, actor) as call, working(call) as work:
        adding.add(work, email, primary=primary)


def confirm(hub: Hub, email: str = SECOND) -> Outcome:
    link = confirmation_in(inbox(hub, email)[-1])
    with calling(hub) as call, working(call) as work:
        return adding.confirm(work, link)


def held(hub: Hub, actor: Actor) -> list[str]:
    with calling(hub) as call:
        return [one.email for one in confirmed.emails_of(call, actor.user_id or 0)]


def test_an_address_counts_once_its_link_was_opened(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    assert held(hub, alice) == ["alice@example.org"]
    link = confirmation_in(inbox(hub, SECOND)[-1])
    with calling(hub) as call:
        assert adding.look(call, link) is Outcome.READY
    assert held(hub, alice) == ["alice@example.org"]

    assert confirm(hub) is Outcome.CONFIRMED
    assert held(hub, alice) == ["alice@example.org", SECOND]
    assert person(hub, "alice").email == "alice@example.org"
    assert confirm(hub) is Outcome.ALREADY
    assert "account.email_add" in fact_names(hub)
    assert SECOND in inbox(hub, "alice@example.org")[-1].text


def test_any_confirmed_address_opens_a_session(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    confirm(hub)
    with calling(hub) as call:
        outcome = login.log_in(call, login.LogIn(SECOND, PASSWORD))
        assert entered(outcome).user_id == alice.user_id


def test_the_primary_address_changes_when_the_new_one_is_proved(hub: Hub, alice: Actor) -> None:
    add(hub, alice, primary=True)
    assert person(hub, "alice").email == "alice@example.org"
    confirm(hub)
    assert person(hub, "alice").email == SECOND
    for where in ("alice@example.org", SECOND):
        assert f"go to {SECOND}" in inbox(hub, where)[-1].text

    with calling(hub, alice) as call, working(call) as work:
        proved.make_primary(work, "alice@example.org")
    assert person(hub, "alice").email == "alice@example.org"


def test_a_link_for_the_primary_address_lives_an_hour(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    add(hub, alice, primary=True)
    clock.advance(timedelta(hours=1))
    assert confirm(hub) is Outcome.EXPIRED
    assert held(hub, alice) == ["alice@example.org"]


def test_a_link_for_a_further_address_lives_six_hours(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    add(hub, alice)
    clock.advance(timedelta(hours=6) - timedelta(seconds=1))
    with calling(hub) as call:
        assert adding.look(call, confirmation_in(inbox(hub, SECOND)[-1])) is Outcome.READY
    clock.advance(timedelta(seconds=1))
    assert confirm(hub) is Outcome.EXPIRED


@pytest.mark.usefixtures("alice")
def test_an_address_of_somebody_else_is_not_given_away(hub: Hub) -> None:
    mallory = made(hub, "mallory")
    add(hub, mallory, "alice@example.org")
    with calling(hub, mallory) as call:
        assert [one.email for one in adding.waiting(call, mallory.user_id or 0)] == [
            "alice@example.org"
        ]
    told = inbox(hub, "alice@example.org")[-1]
    assert "confirm/" not in told.text
    assert "mallory" not in told.text


def test_two_who_ask_for_one_address_do_not_both_get_it(hub: Hub, alice: Actor) -> None:
    bob = made(hub, "bob")
    add(hub, alice)
    first = confirmation_in(inbox(hub, SECOND)[-1])
    add(hub, bob)
    assert confirm(hub) is Outcome.CONFIRMED
    with calling(hub) as call, working(call) as work:
        assert adding.confirm(work, first) is Outcome.UNKNOWN
    assert set(held(hub, bob)) == {"bob@example.org", SECOND}
    assert held(hub, alice) == ["alice@example.org"]


def test_whoever_only_said_that_an_address_is_theirs_loses_it_to_its_owner(
    hub: Hub, alice: Actor
) -> None:
    joined(hub, "squatter", email=SECOND)
    verify = confirmation_in(inbox(hub, SECOND)[-1])
    add(hub, alice)
    confirm(hub)
    with calling(hub) as call:
        assert people.owner_of_address(call, SECOND) == person(hub, "alice")
        with working(call) as work:
            assert verification.confirm_link(work, verify) is not verification.Outcome.VERIFIED
    assert person(hub, "squatter").verified_at is None


def test_a_sign_up_with_a_further_address_of_somebody_cannot_confirm_it(
    hub: Hub, alice: Actor
) -> None:
    add(hub, alice)
    confirm(hub)
    joined(hub, "mallory", email=SECOND)
    assert person(hub, "mallory").address_taken
    # It goes where the confirmation would: who signs up sees what becomes of it in either case.
    assert "already" in inbox(hub, SECOND)[-1].subject
    assert "email_confirmation" not in inbox(hub, SECOND)[-1].text
    assert "already" not in inbox(hub, "alice@example.org")[-1].subject


def test_an_address_is_removed_but_not_the_primary_one(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    confirm(hub)
    with calling(hub, alice) as call, working(call) as work:
        with pytest.raises(InvalidFields):
            proved.remove(work, "alice@example.org")
        proved.remove(work, SECOND)
    assert held(hub, alice) == ["alice@example.org"]
    assert "no longer belongs" in inbox(hub, SECOND)[-1].text
    with calling(hub) as call, pytest.raises(BadCredentials):
        login.log_in(call, login.LogIn(SECOND, PASSWORD))


def test_nobody_changes_the_addresses_of_others(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    confirm(hub)
    mallory = made(hub, "mallory")
    with calling(hub, mallory) as call, working(call) as work:
        with pytest.raises(NotFound):
            proved.remove(work, SECOND)
        with pytest.raises(NotFound):
            proved.make_primary(work, SECOND)
    assert held(hub, alice) == ["alice@example.org", SECOND]

    add(hub, alice, "third@example.org")
    with calling(hub, mallory) as call, working(call) as work:
        (waits,) = adding.waiting(work, alice.user_id or 0)
        adding.withdraw(work, waits.id)
    assert confirm(hub, "third@example.org") is Outcome.CONFIRMED


def test_who_asks_must_be_sure(hub: Hub, alice: Actor) -> None:
    stale = Actor(user_id=alice.user_id, name="alice", verified=True, session_id=1)
    newcomer = joined(hub, "newcomer")
    unsure = Actor(user_id=newcomer.user_id, name="newcomer", session_id=1)
    tokened = Actor(user_id=alice.user_id, name="alice", verified=True)
    for actor, error in (
        (stale, ProofNeeded),
        (unsure, EmailNotVerified),
        (tokened, Unauthenticated),
    ):
        with pytest.raises(error):
            add(hub, actor)


@pytest.mark.parametrize("email", ["", "nobody", "ALICE@example.org", "a@mailinator.com"])
def test_what_cannot_be_an_address_is_refused(hub: Hub, alice: Actor, email: str) -> None:
    with pytest.raises(InvalidFields):
        add(hub, alice, email)


def test_an_account_has_ten_addresses_at_most_and_asks_ten_times_a_day(
    hub: Hub, alice: Actor
) -> None:
    for number in range(9):
        add(hub, alice, f"a{number}@other.example")
    with pytest.raises(InvalidFields):
        add(hub, alice, "a9@other.example")
    add(hub, alice, "a0@other.example")
    with pytest.raises(TooMany):
        add(hub, alice, "a0@other.example")


def test_a_withdrawn_address_cannot_be_confirmed(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    with calling(hub, alice) as call:
        (waiting,) = adding.waiting(call, alice.user_id or 0)
        with working(call) as work:
            adding.withdraw(work, waiting.id)
    assert confirm(hub) is Outcome.EXPIRED


def test_the_owner_hears_of_an_address_while_it_can_still_be_stopped(
    hub: Hub, alice: Actor
) -> None:
    add(hub, alice, "second@other.example")
    confirm(hub, "second@other.example")
    add(hub, alice, "mallory@evil.example", primary=True)
    for where in ("alice@example.org", "second@other.example"):
        told = inbox(hub, where)[-1]
        assert told.subject == "Someone asked to add an address to your Strata account"
        assert "mallory@evil.example" in told.text
        assert "for 1 hour." in told.text
        assert "change your password at once" in told.text
    assert fact_names(hub)[-1] == "account.email_add_request"
    assert "account.email_add_request" not in _after(hub, alice, "second@other.example")


def _after(hub: Hub, actor: Actor, key: str) -> list[str]:
    """What is told of an address of theirs that is only shown to take mail again."""
    before = len(fact_names(hub))
    with calling(hub, actor) as call, working(call) as work:
        adding.confirm_again(work, key)
    return fact_names(hub)[before:]


def change(hub: Hub, alice: Actor) -> None:
    with calling(hub) as call:
        cookie = entered(login.log_in(call, login.LogIn("alice", PASSWORD))).session.cookie
        here = sessions.actor_for_session(call.db, hub, cookie)
    assert here is not None
    assert here.user_id == alice.user_id
    called(hub, here, lambda call: changing.change_password(call, changing.Change(PASSWORD, NEW)))


def reset_password(hub: Hub, alice: Actor) -> None:
    worked(hub, SYSTEM, lambda work: reset.send(work, person(hub, "alice"), ["alice@example.org"]))
    link = confirmation_in(inbox(hub, "alice@example.org")[-1])
    chosen = recovery.NewPassword(NEW, sign_out=False)
    called(hub, Actor(), lambda call: recovery.choose(call, link, chosen))
    assert alice.user_id == person(hub, "alice").id


def by_operator(act: Callable[..., object], *args: object) -> Callable[[Hub, Actor], object]:
    return lambda hub, _: worked(hub, SYSTEM, lambda work: act(work, person(hub, "alice"), *args))


def everybody(hub: Hub, _: Actor) -> None:
    worked(hub, SYSTEM, signing_out.sign_everybody_out)


@pytest.mark.parametrize(
    "take_back",
    [
        change,
        reset_password,
        by_operator(signing_out.sign_out),
        by_operator(suspend.demand_password),
        by_operator(suspend.suspend, suspend.Suspension("stolen")),
        everybody,
    ],
)
def test_an_address_that_waits_does_not_outlive_the_account_being_taken_back(
    hub: Hub, alice: Actor, take_back: Callable[[Hub, Actor], object]
) -> None:
    hub = replace(hub, listeners=LISTENERS)
    bob = made(hub, "bob")
    add(hub, bob, "bob@other.example")
    add(hub, alice, "mallory@evil.example")
    take_back(hub, alice)
    assert confirm(hub, "mallory@evil.example") is Outcome.EXPIRED
    assert held(hub, alice) == ["alice@example.org"]
    others = Outcome.EXPIRED if take_back is everybody else Outcome.CONFIRMED
    assert confirm(hub, "bob@other.example") is others


def test_other_log_ins_leave_an_address_waiting(hub: Hub, alice: Actor) -> None:
    hub = replace(hub, listeners=LISTENERS)
    add(hub, alice)
    worked(hub, alice, signing_out.revoke_others)
    assert confirm(hub) is Outcome.CONFIRMED


@pytest.mark.parametrize("primary", [False, True])
def test_an_address_is_confirmed_or_the_account_taken_back_never_both(
    hub: Hub, alice: Actor, *, primary: bool
) -> None:
    hub = replace(hub, listeners=LISTENERS)
    add(hub, alice, "mallory@evil.example", primary=primary)
    user = person(hub, "alice")
    late = beside(
        hub,
        lambda work: people.locked(work, user.id),
        lambda: confirm(hub, "mallory@evil.example"),
        by=SYSTEM,
        then=lambda work: signing_out.sign_out(work, user),
    )
    assert late is Outcome.EXPIRED
    assert held(hub, alice) == ["alice@example.org"]


def test_a_link_to_confirm_an_address_again_does_not_bring_it_back(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    assert confirm(hub) is Outcome.CONFIRMED
    with calling(hub, alice) as call, working(call) as work:
        adding.confirm_again(work, SECOND)
    link = confirmation_in(inbox(hub, SECOND)[-1])
    with calling(hub, alice) as call, working(call) as work:
        proved.remove(work, SECOND)

    assert worked(hub, SYSTEM, lambda work: adding.confirm(work, link)) is Outcome.EXPIRED
    assert held(hub, alice) == ["alice@example.org"]


def test_other_addresses_go_on_waiting_when_one_is_removed(hub: Hub, alice: Actor) -> None:
    add(hub, alice)
    assert confirm(hub) is Outcome.CONFIRMED
    add(hub, alice, "third@other.example")
    with calling(hub, alice) as call, working(call) as work:
        proved.remove(work, SECOND)

    assert confirm(hub, "third@other.example") is Outcome.CONFIRMED
