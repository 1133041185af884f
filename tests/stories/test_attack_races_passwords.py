"""An old password that was right when it was compared is worth nothing beside a new one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fixtures.accounts import PASSWORD, calling, confirmation_in, entered, inbox, made, person
from fixtures.hubs import FrozenClock
from fixtures.races import beside, called, interrupted, worked
from strata.accounts import limits, people
from strata.accounts.passwords import hashing
from strata.accounts.puzzles import NOT_DONE
from strata.core.actor import SYSTEM, Actor
from strata.core.call import Call
from strata.core.errors import BadCredentials, InvalidFields, NotFound, ProofNeeded
from strata.core.hub import Hub
from strata.membership.recovery import NewPassword, choose
from strata.sessions.entering import guessing, login
from strata.sessions.entering.entry import Browser
from strata.sessions.passwords import reset
from strata.sessions.passwords.changing import Change, change_password, keep_password
from strata.sessions.signed_in import sessions
from strata.sessions.signed_in.sudo import Proof, prove

OWNERS, THIEFS = "An0ther-Horse!", "Th1rd-Horse!!"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def thief(hub: Hub) -> Actor:
    """Who knows the password of alice and sits in a session of hers."""
    made(hub, "alice")
    cookie = enter(hub, PASSWORD)
    with calling(hub) as call:
        found = sessions.actor_for_session(call.db, hub, cookie)
    assert found is not None
    return found


def enter(hub: Hub, password: str) -> str:
    with calling(hub) as call:
        return entered(login.log_in(call, login.LogIn("alice", password))).session.cookie


def chooses(hub: Hub, clock: FrozenClock) -> Callable[[Any], None]:
    """The owner chooses another password, and leaves the other browsers signed in."""
    clock.advance(timedelta(seconds=1))
    user, hashed = person(hub, "alice"), hashing.hash_password(hub, OWNERS)
    return lambda work: keep_password(work, user, hashed)


def changes(call: Call) -> object:
    return change_password(call, Change(PASSWORD, THIEFS, keep_others=True))


def proves(call: Call) -> object:
    return prove(call, Proof(password=PASSWORD))


@pytest.mark.parametrize(("act", "error"), [(changes, InvalidFields), (proves, ProofNeeded)])
def test_the_old_password_does_nothing_beside_the_new_one(
    hub: Hub,
    clock: FrozenClock,
    thief: Actor,
    act: Callable[[Call], object],
    error: type[Exception],
) -> None:
    late = beside(hub, chooses(hub, clock), lambda: called(hub, thief, act), by=SYSTEM)
    assert isinstance(late, error), late
    enter(hub, OWNERS)
    with pytest.raises(BadCredentials):
        enter(hub, THIEFS)


@pytest.mark.parametrize(("act", "error"), [(changes, InvalidFields), (proves, ProofNeeded)])
def test_the_old_password_does_nothing_after_the_new_one(
    hub: Hub,
    clock: FrozenClock,
    thief: Actor,
    act: Callable[[Call], object],
    error: type[Exception],
) -> None:
    choose = chooses(hub, clock)
    slow = interrupted(hub, lambda: worked(hub, SYSTEM, choose))
    with pytest.raises(error):
        called(slow, thief, act)
    enter(hub, OWNERS)


@pytest.mark.usefixtures("thief")
def test_a_reset_and_another_link_of_it_wait_for_each_other(hub: Hub) -> None:
    owner = person(hub, "alice")
    worked(hub, SYSTEM, lambda work: reset.send(work, owner, [owner.email]))
    link = confirmation_in(inbox(hub, owner.email)[-1])
    late = beside(
        hub,
        lambda work: people.locked(work, owner.id),
        lambda: called(hub, Actor(), lambda call: choose(call, link, NewPassword(OWNERS))),
        by=SYSTEM,
        then=lambda work: reset.send(work, owner, [owner.email]),
    )
    assert late is None or isinstance(late, NotFound), late


@pytest.mark.usefixtures("thief")
def test_two_log_ins_of_one_person_from_one_place_wait_for_each_other(hub: Hub) -> None:
    with calling(hub) as call:
        tried = guessing.trace(call, "alice", person(hub, "alice"), Browser())
    worked(hub, SYSTEM, lambda work: guessing.admit(work, tried, NOT_DONE))
    late = beside(
        hub,
        lambda work: limits.note(work, tried.address_key, subject=tried.typed),
        lambda: worked(hub, SYSTEM, lambda work: guessing.take_back(work, tried)),
        by=SYSTEM,
        then=lambda work: guessing.admit(work, tried, NOT_DONE),
    )
    assert late is None, late
