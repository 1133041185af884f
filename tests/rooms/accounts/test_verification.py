"""Confirming an address by link and by code."""

import threading
from datetime import timedelta

import pytest

from fixtures.accounts import (
    calling,
    code_in,
    confirmation_in,
    fact_names,
    inbox,
    joined,
    link_in,
    made,
    person,
)
from fixtures.hubs import FrozenClock
from strata.access import audit
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import Conflict, InvalidFields, TooMany, Unauthenticated
from strata.core.hub import Hub
from strata.lib.db.seek import Window
from strata.membership.confirming import mailing, verification
from strata.membership.confirming.verification import Outcome
from strata.membership.joining import signup
from strata.sessions.signed_in import sessions


def actor_of(signed_up: signup.SignedUp) -> Actor:
    return Actor(user_id=signed_up.user_id, name=signed_up.name, session_id=signed_up.session.id)


def by_link(hub: Hub, token: str) -> Outcome:
    with calling(hub) as call, working(call) as work:
        return verification.confirm_link(work, token)


def by_code(hub: Hub, signed_up: signup.SignedUp, code: str) -> Outcome:
    with calling(hub, actor_of(signed_up)) as call, working(call) as work:
        return verification.confirm_code(work, code)


def test_the_mail_has_one_link_and_a_code_in_both_parts(hub: Hub) -> None:
    joined(hub, "alice")

    (kept,) = inbox(hub, "alice@example.org")
    link = link_in(kept)
    assert link.startswith("http://localhost:8080/email_confirmation/")
    assert kept.html.count("href=") == 1
    assert link in kept.html
    assert code_in(kept) in kept.html


def test_a_link_confirms_without_a_session(hub: Hub) -> None:
    signed_up = joined(hub, "alice")
    (kept,) = inbox(hub, "alice@example.org")

    assert by_link(hub, confirmation_in(kept)) is Outcome.VERIFIED

    assert fact_names(hub) == ["account.signup", "account.verify_email"]
    assert "Welcome" in inbox(hub, "alice@example.org")[-1].subject
    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, signed_up.session.cookie)
    assert actor is not None
    assert actor.verified  # without a new log-in


def test_looking_at_a_link_uses_nothing_up(hub: Hub) -> None:
    joined(hub, "alice")
    token = confirmation_in(inbox(hub, "alice@example.org")[0])

    with calling(hub) as call:
        looks = [verification.look_at_link(call, token) for _ in range(3)]

    assert looks == [Outcome.READY] * 3
    assert by_link(hub, token) is Outcome.VERIFIED


def test_a_second_use_says_already(hub: Hub) -> None:
    joined(hub, "alice")
    token = confirmation_in(inbox(hub, "alice@example.org")[0])
    by_link(hub, token)

    assert by_link(hub, token) is Outcome.ALREADY
    with calling(hub) as call:
        assert verification.look_at_link(call, token) is Outcome.ALREADY


@pytest.mark.parametrize("token", ["", "x", "y" * 43, "z" * 10_000, "ü"])
def test_a_made_up_link_is_unknown(hub: Hub, token: str) -> None:
    joined(hub, "alice")

    assert by_link(hub, token) is Outcome.UNKNOWN


def test_a_link_dies_after_a_day(hub: Hub, clock: FrozenClock) -> None:
    joined(hub, "alice")
    token = confirmation_in(inbox(hub, "alice@example.org")[0])

    clock.advance(timedelta(hours=24))

    assert by_link(hub, token) is Outcome.EXPIRED


def test_a_link_used_in_many_windows_confirms_once(hub: Hub) -> None:
    joined(hub, "alice")
    token = confirmation_in(inbox(hub, "alice@example.org")[0])
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(by_link(hub, token))) for _ in range(6)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [Outcome.ALREADY] * 5 + [Outcome.VERIFIED]
    assert fact_names(hub).count("account.verify_email") == 1


def test_the_code_confirms_its_own_session(hub: Hub) -> None:
    signed_up = joined(hub, "alice")
    code = code_in(inbox(hub, "alice@example.org")[0])

    assert by_code(hub, signed_up, f" {code} ") is Outcome.VERIFIED
    assert by_code(hub, signed_up, code) is Outcome.ALREADY


def test_a_code_is_worth_nothing_in_another_session(hub: Hub) -> None:
    joined(hub, "alice")
    mallory = joined(hub, "mallory")
    code = code_in(inbox(hub, "alice@example.org")[0])

    outcome = by_code(hub, mallory, code)

    # One in a million: the codes of both are equal.
    assert outcome is Outcome.WRONG
    assert person(hub, "alice").verified_at is None


def test_a_code_without_a_session_is_refused(hub: Hub) -> None:
    with calling(hub) as call, working(call) as work, pytest.raises(Unauthenticated):
        verification.confirm_code(work, "123456")


def test_after_five_wrong_codes_the_right_one_is_dead(hub: Hub) -> None:
    signed_up = joined(hub, "alice")
    code = code_in(inbox(hub, "alice@example.org")[0])
    wrong = "000000" if code != "000000" else "000001"

    outcomes = [by_code(hub, signed_up, wrong) for _ in range(5)]

    assert outcomes == [Outcome.WRONG] * 5
    assert by_code(hub, signed_up, code) is Outcome.EXPIRED


def test_a_code_dies_after_ten_minutes(hub: Hub, clock: FrozenClock) -> None:
    signed_up = joined(hub, "alice")
    code = code_in(inbox(hub, "alice@example.org")[0])

    clock.advance(timedelta(minutes=10))

    assert by_code(hub, signed_up, code) is Outcome.EXPIRED


def test_a_new_mail_kills_the_older_link(hub: Hub, clock: FrozenClock) -> None:
    signed_up = joined(hub, "alice")
    clock.advance(timedelta(seconds=60))

    with calling(hub, actor_of(signed_up)) as call:
        mailing.resend(call)

    first, second = inbox(hub, "alice@example.org")
    assert by_link(hub, confirmation_in(first)) is Outcome.EXPIRED
    assert by_link(hub, confirmation_in(second)) is Outcome.VERIFIED


@pytest.mark.parametrize("email", ["fresh@example.org", "owner@example.org"])
def test_resending_has_the_same_limits_for_every_address(
    hub: Hub, clock: FrozenClock, email: str
) -> None:
    made(hub, "owner")
    signed_up = joined(hub, "alice", email=email)

    with calling(hub, actor_of(signed_up)) as call:
        with pytest.raises(TooMany) as soon:
            mailing.resend(call)
        for _ in range(3):
            clock.advance(timedelta(minutes=2))
            mailing.resend(call)
        clock.advance(timedelta(minutes=2))
        with pytest.raises(TooMany) as often:
            mailing.resend(call)

    assert soon.value.retry_after_s <= 61
    assert 5 * 3600 < often.value.retry_after_s <= 6 * 3600
    assert len(inbox(hub, email)) == 4


def test_the_day_has_a_limit_of_its_own(hub: Hub, clock: FrozenClock) -> None:
    signed_up = joined(hub, "alice")
    sent = 0

    with calling(hub, actor_of(signed_up)) as call:
        for _ in range(3):
            for _ in range(3):
                clock.advance(timedelta(minutes=2))
                mailing.resend(call)
                sent += 1
            clock.advance(timedelta(hours=6))
        mailing.resend(call)
        clock.advance(timedelta(minutes=2))
        with pytest.raises(TooMany):
            mailing.resend(call)

    assert sent == 9


def test_a_mistyped_address_can_be_changed(hub: Hub) -> None:
    signed_up = joined(hub, "alice", email="alcie@example.org")

    with calling(hub, actor_of(signed_up)) as call:
        mailing.change_address(call, "alice@example.org")

    (old,) = inbox(hub, "alcie@example.org")
    (new,) = inbox(hub, "alice@example.org")
    assert by_link(hub, confirmation_in(old)) is Outcome.EXPIRED
    assert by_link(hub, confirmation_in(new)) is Outcome.VERIFIED
    assert person(hub, "alice").email == "alice@example.org"


def test_a_taken_address_can_be_left_for_a_free_one(hub: Hub) -> None:
    made(hub, "owner")
    signed_up = joined(hub, "alice", email="owner@example.org")

    with calling(hub, actor_of(signed_up)) as call:
        mailing.change_address(call, "alice@example.org")
    (kept,) = inbox(hub, "alice@example.org")

    assert by_link(hub, confirmation_in(kept)) is Outcome.VERIFIED


def test_changing_to_a_taken_address_tells_only_its_owner(hub: Hub) -> None:
    made(hub, "owner")
    signed_up = joined(hub, "alice")

    with calling(hub, actor_of(signed_up)) as call:
        mailing.change_address(call, "OWNER@example.org")
        (told, *_) = audit.own(call, Window(1)).rows
    # As of any other address: the log does not tell whose it is.
    assert (told.entry.type, told.entry.detail) == (
        "account.email_primary",
        {"before": {"email": "a•••@example.org"}, "after": {"email": "O•••@example.org"}},
    )

    (kept,) = inbox(hub, "owner@example.org")
    assert "already" in kept.subject
    assert person(hub, "alice").address_taken
    joined(hub, "second", email="alice@example.org")  # the address that was left is free
    assert not person(hub, "second").address_taken


def test_addresses_change_three_times_a_day(hub: Hub, clock: FrozenClock) -> None:
    signed_up = joined(hub, "alice")

    with calling(hub, actor_of(signed_up)) as call:
        for number in range(3):
            mailing.change_address(call, f"a{number}@example.org")
        with pytest.raises(TooMany):
            mailing.change_address(call, "a9@example.org")
        clock.advance(timedelta(days=1))
        mailing.change_address(call, "a9@example.org")


def test_only_addresses_that_may_join_are_taken_in(hub: Hub) -> None:
    signed_up = joined(hub, "alice")

    with calling(hub, actor_of(signed_up)) as call, pytest.raises(InvalidFields) as caught:
        mailing.change_address(call, "nowhere")

    assert caught.value.fields == {"email": ("email.invalid",)}


def test_a_confirmed_person_needs_no_mail(hub: Hub) -> None:
    alice = made(hub, "alice")

    with calling(hub, alice) as call:
        with pytest.raises(Conflict):
            mailing.resend(call)
        with pytest.raises(Conflict):
            mailing.change_address(call, "b@example.org")
