"""Acts that decide on an account as they have read it, at the moment somebody changes the account.

Each story opens the transaction of one act and has the other one come meanwhile: what is decided
is decided on the account as it is then, and nobody meets a failure that says nothing.
"""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    calling,
    code_in,
    confirmation_in,
    fact_names,
    in_session,
    inbox,
    joined,
    made,
    person,
)
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock
from fixtures.races import beside, called, held_open, worked
from strata.accounts import confirmed, people
from strata.accounts.factors import checking, held
from strata.accounts.factors.held import Held
from strata.accounts.people import User
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Actor, Standing
from strata.core.call import Call, Work
from strata.core.errors import Conflict
from strata.core.hub import Hub
from strata.credentials.oauth import scopes
from strata.credentials.oauth.openid import claims
from strata.events.jobs import run_due
from strata.events.tables import jobs
from strata.membership.closing import gone, leave, suspend
from strata.membership.closing.suspend import Suspension
from strata.membership.confirming import approval, mailing, unconfirmed, verification
from strata.membership.emails import proved
from strata.sessions.entering import waiting
from strata.sessions.entering.warning import WarnOfGuesses, WarnOfSpraying
from strata.sessions.protecting import changing, removal

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time
NOT_THEIRS = "ceo@corp.example"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    """Somebody who has just signed up and has yet to confirm their address."""
    joined(hub, "mallory")
    return Actor(user_id=person(hub, "mallory").id, name="mallory", session_id=0)


def told_of(hub: Hub, name: str) -> Any:
    with calling(hub) as call:
        return claims.about(call, person(hub, name).id, [scopes.EMAIL])


def link_of(hub: Hub, name: str) -> str:
    return confirmation_in(inbox(hub, f"{name}@example.org")[-1])


def move(hub: Hub, who: Actor) -> object:
    return called(hub, who, lambda call: mailing.change_address(call, NOT_THEIRS))


def test_an_address_is_not_exchanged_while_it_is_confirmed(hub: Hub, mallory: Actor) -> None:
    """The account would be confirmed, with an address that nobody has proved."""
    link = link_of(hub, "mallory")
    late = beside(
        hub,
        lambda work: verification.confirm_link(work, link),
        lambda: move(hub, mallory),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    assert person(hub, "mallory").email == "mallory@example.org"
    assert told_of(hub, "mallory")["email_verified"]
    assert inbox(hub, NOT_THEIRS) == []


def test_no_new_mail_is_sent_while_the_address_is_confirmed(hub: Hub, mallory: Actor) -> None:
    link = link_of(hub, "mallory")
    late = beside(
        hub,
        lambda work: verification.confirm_link(work, link),
        lambda: called(hub, mallory, mailing.resend),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late


@pytest.mark.parametrize("by", ["link", "code"])
def test_an_address_is_not_confirmed_while_it_is_exchanged(
    hub: Hub, mallory: Actor, by: str
) -> None:
    mail = inbox(hub, "mallory@example.org")[-1]
    link, code = link_of(hub, "mallory"), code_in(mail)

    def confirm() -> object:
        if by == "link":
            return worked(hub, SYSTEM, lambda work: verification.confirm_link(work, link))
        return worked(hub, mallory, lambda work: verification.confirm_code(work, code))

    came, late = held_open(
        hub, lambda call: mailing.change_address(call, NOT_THEIRS), confirm, by=mallory
    )
    assert came is None
    wrong = {"link": verification.Outcome.EXPIRED, "code": verification.Outcome.WRONG}
    assert late is wrong[by]
    assert person(hub, "mallory").verified_at is None


@pytest.mark.parametrize("by", ["link", "code"])
def test_a_new_mail_and_the_confirmation_by_the_old_one_do_not_hold_each_other_up(
    hub: Hub, mallory: Actor, by: str
) -> None:
    link, code = link_of(hub, "mallory"), code_in(inbox(hub, "mallory@example.org")[-1])
    user = person(hub, "mallory")

    def confirm() -> object:
        if by == "link":
            return worked(hub, SYSTEM, lambda work: verification.confirm_link(work, link))
        return worked(hub, mallory, lambda work: verification.confirm_code(work, code))

    late = beside(
        hub,
        lambda work: people.locked(work, user.id),
        confirm,
        by=mallory,
        then=lambda work: mailing.issue(work, user),
    )
    assert late in (verification.Outcome.EXPIRED, verification.Outcome.WRONG), late


def test_two_who_say_so_and_prove_one_address_at_once_do_not_hold_each_other_up(
    hub: Hub, mallory: Actor
) -> None:
    joined(hub, "other", email="mallory@example.org")
    links = [
        confirmation_in(kept)
        for kept in inbox(hub, "mallory@example.org")
        if "/email_confirmation/" in kept.text
    ]
    assert len(links) == 2
    late = beside(
        hub,
        lambda work: people.locked(work, mallory.user_id or 0),
        lambda: worked(hub, SYSTEM, lambda work: verification.confirm_link(work, links[1])),
        by=SYSTEM,
        then=lambda work: verification.confirm_link(work, links[0]),
    )
    assert not isinstance(late, Exception), late


def test_no_site_is_told_of_an_address_that_nobody_proved(hub: Hub) -> None:
    made(hub, "mallory", password=NO_PASSWORD)
    assert told_of(hub, "mallory")["email_verified"]
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(email=NOT_THEIRS, email_key=NOT_THEIRS))
    assert not told_of(hub, "mallory")["email_verified"]


def test_a_reset_of_factors_takes_the_passkey_of_this_moment_too(hub: Hub) -> None:
    """It would be kept and never asked for: the password alone would let people in."""
    ana = in_session(hub, "ana")
    with_passkey(hub, ana, "phone")
    key = Authenticator()
    answer = key.make(str(called(hub, ana, changing.passkey_options)))
    _, late = held_open(
        hub,
        lambda call: changing.add_passkey(call, answer, "laptop"),
        lambda: worked(hub, SYSTEM, lambda work: reset(work, hub, "ana")),
        by=ana,
    )
    assert late is None
    assert factors(hub, ana) == Held(authenticator=False, passkeys=0)
    assert not person(hub, "ana").has_factor


def test_whether_there_are_factors_is_written_down_as_it_is_then(hub: Hub) -> None:
    ana = in_session(hub, "ana")
    with_passkey(hub, ana, "phone")
    key = Authenticator()
    answer = key.make(str(called(hub, ana, changing.passkey_options)))
    _, late = held_open(
        hub,
        lambda call: changing.add_passkey(call, answer, "laptop"),
        lambda: worked(hub, SYSTEM, lambda work: held.remove_all(work, ana.user_id or 0)),
        by=ana,
    )
    assert late is None
    assert factors(hub, ana) == Held(authenticator=False, passkeys=0)
    assert not person(hub, "ana").has_factor


def test_who_becomes_an_admin_meanwhile_loses_their_factors_after_the_wait(hub: Hub) -> None:
    ana = in_session(hub, "ana")
    with_passkey(hub, ana, "phone")
    seen = person(hub, "ana")

    def promote(work: Work) -> None:
        work.db.execute(sa.update(users).where(users.c.id == seen.id).values(admin=True))

    late = beside(
        hub,
        promote,
        lambda: worked(hub, SYSTEM, lambda work: removal.reset_by_operator(work, seen, "seen")),
        by=SYSTEM,
    )
    assert late == hub.clock() + removal.ADMIN_WAIT
    assert factors(hub, ana).passkeys == 1


def reset(work: Work, hub: Hub, name: str) -> object:
    return removal.reset_by_operator(work, person(hub, name), "seen")


def with_passkey(hub: Hub, who: Actor, name: str) -> None:
    answer = Authenticator().make(str(called(hub, who, changing.passkey_options)))
    called(hub, who, lambda call: changing.add_passkey(call, answer, name))


def factors(hub: Hub, who: Actor) -> Held:
    with calling(hub) as call:
        return held.of(call, who.user_id or 0)


def standing_of(hub: Hub, name: str) -> str:
    return person(hub, name).standing


def told(hub: Hub, name: str, fact: str) -> tuple[int, list[str]]:
    """How often that happened on the hub, and the mails to one person."""
    subjects = [kept.subject for kept in inbox(hub, f"{name}@example.org")]
    return fact_names(hub).count(fact), subjects


@pytest.fixture
def newcomer(hub: Hub) -> User:
    """Somebody who waits to be let in."""
    made(hub, "ana", password=NO_PASSWORD)
    worked(hub, SYSTEM, lambda work: approval.hold(work, person(hub, "ana")))
    return person(hub, "ana")


def test_who_was_let_in_and_closed_is_not_opened_by_the_other_approval(
    hub: Hub, newcomer: User
) -> None:
    def let_in_and_close(work: Work) -> None:
        approval.approve(work, newcomer)
        suspend.suspend(work, newcomer, Suspension("spam"))

    late = beside(
        hub,
        let_in_and_close,
        lambda: worked(hub, SYSTEM, lambda work: approval.approve(work, newcomer)),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    assert standing_of(hub, "ana") == Standing.SUSPENDED
    assert told(hub, "ana", "admin.user_approve")[0] == 1


def test_who_was_let_in_is_not_turned_away(hub: Hub, newcomer: User) -> None:
    late = beside(
        hub,
        lambda work: approval.approve(work, newcomer),
        lambda: worked(hub, SYSTEM, lambda work: unconfirmed.turn_away(work, newcomer)),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    assert standing_of(hub, "ana") == Standing.ACTIVE


@pytest.fixture
def closed(hub: Hub, clock: FrozenClock) -> User:
    """Somebody whose account was closed for an hour, two hours ago."""
    made(hub, "ana", password=NO_PASSWORD)
    hour = Suspension("rude", until=clock() + timedelta(hours=1))
    worked(hub, SYSTEM, lambda work: suspend.suspend(work, person(hub, "ana"), hour))
    clock.advance(timedelta(hours=2))
    return person(hub, "ana")


def test_an_account_is_opened_once(hub: Hub, closed: User) -> None:
    late = beside(
        hub,
        suspend.end_suspensions,
        lambda: worked(hub, SYSTEM, lambda work: suspend.restore(work, closed)),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    opened, mails = told(hub, "ana", "admin.user_restore")
    assert opened == 1
    assert len(mails) == 2  # it was closed, it is open


def test_a_newer_suspension_is_not_undone(hub: Hub, closed: User) -> None:
    def close_anew(work: Work) -> None:
        suspend.restore(work, closed)
        suspend.suspend(work, closed, Suspension("worse"))

    late = beside(
        hub,
        close_anew,
        lambda: worked(hub, SYSTEM, lambda work: suspend.restore(work, closed)),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    assert person(hub, "ana").standing_reason == "worse"


def test_the_word_of_an_operator_is_for_the_address_that_they_saw(hub: Hub, mallory: Actor) -> None:
    seen = person(hub, "mallory")
    _, late = held_open(
        hub,
        lambda call: mailing.change_address(call, NOT_THEIRS),
        lambda: worked(hub, SYSTEM, lambda work: verification.confirm_by_operator(work, seen)),
        by=mallory,
    )
    assert isinstance(late, Conflict), late
    assert person(hub, "mallory").verified_at is None
    with calling(hub) as call:
        assert confirmed.emails_of(call, seen.id) == []


def test_a_demanded_reset_goes_to_no_address_that_was_just_removed(hub: Hub) -> None:
    ana, further = in_session(hub, "ana"), "further@example.org"
    user_id = ana.user_id or 0

    def have(work: Work) -> None:
        confirmed.claim(work, user_id, email=further, key=further)

    worked(hub, SYSTEM, have)
    seen = person(hub, "ana")
    beside(
        hub,
        lambda work: proved.remove(work, further),
        lambda: worked(hub, SYSTEM, lambda work: suspend.demand_password(work, seen)),
        by=ana,
    )
    assert not any("/reset-password/" in kept.text for kept in inbox(hub, further))
    assert any("/reset-password/" in kept.text for kept in inbox(hub, seen.email))


def test_who_thinks_it_over_once_more_has_another_week(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "root-ada", admin=True, password=NO_PASSWORD)
    ana = made(hub, "ana", password=NO_PASSWORD)
    worked(hub, ana, leave.schedule)
    clock.advance(leave.GRACE)

    def anew(work: Work) -> None:
        leave.cancel(work)
        leave.schedule(work)

    late = beside(hub, anew, lambda: called(hub, SYSTEM, gone.delete_due), by=ana)
    assert late is None
    assert standing_of(hub, "ana") == Standing.LEAVING


def test_two_nodes_that_warn_of_guesses_write_once(hub: Hub) -> None:
    ana = made(hub, "ana", password=NO_PASSWORD)
    job = WarnOfGuesses(ana.user_id or 0, "http://localhost", "r1")
    came = held_open(hub, job.run, lambda: called(hub, SYSTEM, job.run), by=SYSTEM)
    assert came == (None, None)
    assert len(inbox(hub, "ana@example.org")) == 1


def test_two_nodes_that_warn_of_spraying_write_once(hub: Hub) -> None:
    made(hub, "root-ada", admin=True, password=NO_PASSWORD)
    job = WarnOfSpraying("198.51.100.1", "http://localhost", "r1")
    came = held_open(hub, job.run, lambda: called(hub, SYSTEM, job.run), by=SYSTEM)
    assert came == (None, None)
    assert len(inbox(hub, "root-ada@example.org")) == 1


def test_two_nodes_that_warn_of_a_guessed_factor_write_once(hub: Hub) -> None:
    made(hub, "ana", password=NO_PASSWORD)
    ana = person(hub, "ana")
    for _ in range(checking.WARNED_AT):
        called(hub, SYSTEM, lambda call: checking.counted(call, ana))

    def fail(call: Call) -> None:
        checking.failed(call, ana)

    came = held_open(hub, fail, lambda: called(hub, SYSTEM, fail), by=SYSTEM)
    assert came == (None, None)
    assert len(inbox(hub, "ana@example.org")) == 1


def test_two_nodes_that_send_links_keep_to_what_an_account_gets_in_an_hour(hub: Hub) -> None:
    made(hub, "ana", password=NO_PASSWORD)
    ana = person(hub, "ana")

    def begin(work: Work) -> object:
        return waiting.begin(work, ana, forms="mine", remember=False)

    most = hub.settings.entering.log_in_mails_per_hour
    for _ in range(most - 1):
        worked(hub, SYSTEM, begin)
    while run_due(hub, {waiting.SendLogInLink.kind: waiting.SendLogInLink}):
        pass
    for _ in range(2):
        worked(hub, SYSTEM, begin)
    with hub.database.reading() as db:
        bodies = db.scalars(sa.select(jobs.c.body).where(jobs.c.kind == waiting.SendLogInLink.kind))
        first, second = (waiting.SendLogInLink(**body) for body in bodies)

    came = held_open(hub, first.run, lambda: called(hub, SYSTEM, second.run), by=SYSTEM)
    assert came == (None, None)
    assert len(inbox(hub, "ana@example.org")) == most
