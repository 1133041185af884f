"""Whoever sends two requests at once gets no more than whoever sends them one after the other.

Each story opens the transaction of one act and has the other one come meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from fixtures.accounts import (
    HERE,
    PASSWORD,
    calling,
    confirmation_in,
    entered,
    inbox,
    joined,
    made,
    person,
)
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import SAMPLE, joins, organization, today
from fixtures.races import beside, called, interrupted, worked
from strata.access.organizations import inviting, members
from strata.access.organizations.founding import found_organization
from strata.accounts import confirmed, people
from strata.accounts.factors import codes, halfway, held, passkeys, totp
from strata.accounts.factors.halfway import Ticket
from strata.accounts.passwords import hashing
from strata.accounts.people import User
from strata.accounts.tables import users
from strata.community.watching import acts as watching
from strata.core.actor import SYSTEM, Actor, Role, Standing, TokenRole
from strata.core.errors import (
    AccountSuspended,
    BadCredentials,
    Conflict,
    Forbidden,
    InvalidFields,
    NotFound,
    OverQuota,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.credentials.oauth.making import own
from strata.credentials.oauth.making.description import Described
from strata.credentials.tokens import making
from strata.membership import recovery
from strata.membership.closing import gone, leave, suspend
from strata.membership.confirming import verification
from strata.membership.emails import proved
from strata.organizations import queries as organizations
from strata.organizations.create import NewOrganization
from strata.organizations.tables import memberships
from strata.sessions.entering import login
from strata.sessions.entering.entry import Browser
from strata.sessions.identities import linking
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.passwords import changing as password_changing, reset
from strata.sessions.protecting import changing, finishing
from strata.sessions.signed_in import sessions
from strata.sessions.signed_in.tables import resets

OTHER = "An0ther-Horse!"
FORMS = "the forms of one browser"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(
        tmp_path / "data",
        clock=clock,
        database_url=database_url,
        **{"accounts.factor_removal_hours": 24, "accounts.tokens_per_user": 1},
    )
    yield built
    built.database.close()


@pytest.fixture
def alice(hub: Hub) -> Actor:
    made(hub, "alice")
    return signed_in(hub, "alice")


def enter(hub: Hub, name: str, password: str = PASSWORD) -> Any:
    wanted = login.LogIn(name, password, Browser(forms=FORMS))
    return called(hub, Actor(), lambda call: login.log_in(call, wanted))


def signed_in(hub: Hub, name: str) -> Actor:
    """The person of a session, who has just shown who they are."""
    cookie = entered(enter(hub, name)).session.cookie
    return by_cookie(hub, cookie)


def by_cookie(hub: Hub, cookie: str) -> Actor:
    with calling(hub) as call:
        found = sessions.actor_for_session(call.db, hub, cookie)
    assert found is not None
    return found


def chosen(hub: Hub, clock: FrozenClock, name: str, password: str = OTHER) -> None:
    """Somebody chooses another password, which ends their sessions."""
    clock.advance(timedelta(seconds=1))
    user = person(hub, name)

    def choose(work: Any) -> None:
        password_changing.keep_password(work, user, hashing.hash_password(hub, password))
        sessions.end_all(work, user.id)

    worked(hub, SYSTEM, choose)


def open_sessions(hub: Hub, name: str) -> int:
    with calling(hub) as call:
        return len(sessions.of(call, person(hub, name).id))


def test_a_log_in_with_the_old_password_does_not_survive_the_new_one(
    hub: Hub, clock: FrozenClock
) -> None:
    """A thief who knows the password logs in while its owner chooses another one."""
    made(hub, "alice")
    slow = interrupted(hub, lambda: chosen(hub, clock, "alice"))
    with pytest.raises(BadCredentials):
        enter(slow, "alice")
    assert open_sessions(hub, "alice") == 0
    assert entered(enter(hub, "alice", OTHER)).name == "alice"


def test_a_log_in_that_renews_the_hash_never_brings_the_old_password_back(
    hub: Hub, clock: FrozenClock
) -> None:
    made(hub, "alice")
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(password_hash=older))
    slow = interrupted(hub, lambda: chosen(hub, clock, "alice"))
    with pytest.raises(BadCredentials):
        enter(slow, "alice")
    with pytest.raises(BadCredentials):
        enter(hub, "alice")
    assert entered(enter(hub, "alice", OTHER)).name == "alice"


def test_two_log_ins_that_renew_the_hash_both_get_in(hub: Hub) -> None:
    made(hub, "alice")
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(password_hash=older))
    slow = interrupted(hub, lambda: enter(hub, "alice"))
    assert entered(enter(slow, "alice")).name == "alice"
    assert open_sessions(hub, "alice") == 2


def test_a_log_in_does_not_survive_the_suspension(hub: Hub) -> None:
    made(hub, "alice")
    user = person(hub, "alice")

    def shut(work: Any) -> None:
        suspend.suspend(work, user, suspend.Suspension("spam"))

    with pytest.raises(AccountSuspended):
        enter(interrupted(hub, lambda: worked(hub, SYSTEM, shut)), "alice")
    late = beside(hub, shut_once_more(hub, user.id), lambda: enter(hub, "alice"), by=SYSTEM)
    assert isinstance(late, AccountSuspended)
    assert open_sessions(hub, "alice") == 0


def test_a_second_factor_does_not_survive_the_suspension(hub: Hub, alice: Actor) -> None:
    app, user = with_app(hub, alice), person(hub, "alice")
    half = enter(hub, "alice")
    assert isinstance(half, Ticket)
    second = finishing.Second(code=app.at(hub.clock() + timedelta(seconds=30)))
    late = beside(
        hub,
        lambda work: suspend.suspend(work, user, suspend.Suspension("spam")),
        lambda: called(
            hub, Actor(), lambda call: finishing.finish(call, half, second, Browser(forms=FORMS))
        ),
        by=SYSTEM,
    )
    assert isinstance(late, AccountSuspended), late
    assert open_sessions(hub, "alice") == 0


def shut_once_more(hub: Hub, user_id: int) -> Callable[[Any], None]:
    """Open the account, and close it again in the transaction that is given."""
    worked(hub, SYSTEM, lambda work: suspend.restore(work, person(hub, "alice")))

    def shut(work: Any) -> None:
        user = person(hub, "alice")
        assert user.id == user_id
        suspend.suspend(work, user, suspend.Suspension("spam"))

    return shut


def test_a_second_factor_that_is_set_up_meanwhile_is_asked_for(hub: Hub, alice: Actor) -> None:
    slow = interrupted(hub, lambda: with_app(hub, alice))
    assert isinstance(enter(slow, "alice"), Ticket)


def with_app(hub: Hub, who: Actor) -> pyotp.TOTP:
    """Set an authenticator app up."""
    worked(hub, who, changing.begin_authenticator)
    made_up = called(hub, who, changing.authenticator)
    app = pyotp.TOTP(made_up.secret)  # type: ignore[attr-defined]  # of a `SettingUp`
    code = app.at(int(hub.clock().timestamp()))
    called(hub, who, lambda call: changing.turn_on(call, code))
    return app


def with_passkey(hub: Hub, who: Actor) -> tuple[Authenticator, int]:
    key = Authenticator()
    answer = key.make(str(called(hub, who, changing.passkey_options)))
    called(hub, who, lambda call: changing.add_passkey(call, answer, "phone"))
    with calling(hub) as call:
        (kept,) = passkeys.of(call, who.user_id or 0)
    return key, kept.id


def test_both_factors_removed_at_once_leave_the_wait_and_the_way_in(hub: Hub, alice: Actor) -> None:
    """One after the other the second one waits for a day; at once both would have gone."""
    with_app(hub, alice)
    _, key_id = with_passkey(hub, alice)
    done = beside(
        hub,
        changing.turn_off,
        lambda: worked(hub, alice, lambda work: changing.remove_passkey(work, key_id)),
        by=alice,
    )
    assert isinstance(done, changing.Changed), done
    with calling(hub) as call:
        left = held.of(call, alice.user_id or 0)
    assert left == held.Held(authenticator=False, passkeys=1)
    assert person(hub, "alice").has_factor


def test_a_passkey_that_is_taken_away_lets_nobody_in_any_more(hub: Hub, alice: Actor) -> None:
    with_app(hub, alice)
    key, key_id = with_passkey(hub, alice)
    options = str(called(hub, Actor(), lambda call: finishing.passkey_options(call, FORMS)))
    answer = key.show(options)

    def come() -> object:
        browser = Browser(forms=FORMS)
        return called(hub, Actor(), lambda call: finishing.enter_by_passkey(call, answer, browser))

    late = beside(hub, lambda work: changing.remove_passkey(work, key_id), come, by=alice)
    assert isinstance(late, InvalidFields), late
    assert open_sessions(hub, "alice") == 1


def test_a_recovery_code_works_once_for_two_at_once(hub: Hub, alice: Actor) -> None:
    user_id = alice.user_id or 0
    drawn = codes.draw(hub)
    worked(hub, alice, lambda work: codes.keep(work, user_id, drawn))
    code = str(called(hub, alice, lambda call: codes.read(call, user_id, drawn.shown[0])))
    late = beside(
        hub,
        lambda work: codes.take(work, user_id, code),
        lambda: worked(hub, alice, lambda work: codes.take(work, user_id, code)),
        by=alice,
    )
    assert late is False


def test_a_code_of_an_app_works_once_for_two_at_once(
    hub: Hub, clock: FrozenClock, alice: Actor
) -> None:
    app, user_id = with_app(hub, alice), alice.user_id or 0
    clock.advance(timedelta(seconds=60))
    code = app.at(int(clock().timestamp()))
    late = beside(
        hub,
        lambda work: totp.take(work, user_id, code),
        lambda: worked(hub, alice, lambda work: totp.take(work, user_id, code)),
        by=alice,
    )
    assert late is False


def test_a_half_way_ticket_opens_one_session(hub: Hub, clock: FrozenClock, alice: Actor) -> None:
    """Two requests with the codes of two steps and one ticket."""
    app = with_app(hub, alice)
    clock.advance(timedelta(minutes=2))
    ticket, now = enter(hub, "alice"), int(clock().timestamp())

    def finish(code: str) -> object:
        second = finishing.Second(code=code)
        browser = Browser(forms=FORMS)
        return called(hub, Actor(), lambda call: finishing.finish(call, ticket, second, browser))

    late = beside(
        hub,
        lambda work: halfway.use(work, ticket),
        lambda: finish(app.at(now)),
        by=SYSTEM,
    )
    assert isinstance(late, NotFound), late
    assert open_sessions(hub, "alice") == 1


def reset_link(hub: Hub, name: str) -> str:
    user = person(hub, name)
    worked(hub, SYSTEM, lambda work: reset.send(work, user, [user.email]))
    return confirmation_in(inbox(hub, user.email)[-1])


def test_a_reset_link_chooses_one_password(hub: Hub, alice: Actor) -> None:
    link = reset_link(hub, "alice")
    form = recovery.NewPassword(OTHER)
    late = beside(
        hub,
        lambda work: reset.use_up(work, link),
        lambda: called(hub, Actor(), lambda call: recovery.choose(call, link, form)),
        by=alice,
    )
    assert isinstance(late, NotFound), late


def test_of_two_resets_at_once_one_link_works(hub: Hub, alice: Actor) -> None:
    job = recovery.SendReset("alice", HERE.base_url, "", "", "")
    user = person(hub, "alice")

    def first(work: Any) -> None:
        people.locked(work, user.id)
        reset.send(work, user, [user.email])

    beside(hub, first, lambda: called(hub, SYSTEM, job.run), by=alice)
    with hub.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(resets)) == 1


def test_no_reset_goes_to_an_address_that_was_just_removed(hub: Hub, alice: Actor) -> None:
    user = person(hub, "alice")
    further = "further@example.org"

    def have(work: Any) -> None:
        confirmed.claim(work, user.id, email=further, key=further)

    worked(hub, SYSTEM, have)
    job = recovery.SendReset("alice", HERE.base_url, "", "", "")
    beside(
        hub,
        lambda work: proved.remove(work, further),
        lambda: called(hub, SYSTEM, job.run),
        by=alice,
    )
    assert not any("/reset-password/" in kept.text for kept in inbox(hub, further))
    assert any("/reset-password/" in kept.text for kept in inbox(hub, user.email))


def test_a_confirmation_is_used_once(hub: Hub) -> None:
    joined(hub, "newcomer")
    link = confirmation_in(inbox(hub, "newcomer@example.org")[-1])
    late = beside(
        hub,
        lambda work: verification.confirm_link(work, link),
        lambda: worked(hub, SYSTEM, lambda work: verification.confirm_link(work, link)),
        by=SYSTEM,
    )
    assert late is verification.Outcome.ALREADY
    welcomes = [kept for kept in inbox(hub, "newcomer@example.org") if "elcome" in kept.subject]
    assert len(welcomes) == 1


def test_a_link_for_two_lets_one_person_in_once(hub: Hub, alice: Actor) -> None:
    """The same person comes twice at once: the second use stays for somebody else."""
    organization(hub, "alice")
    made(hub, "bob")
    admin = today(hub, alice)
    path = str(
        worked(hub, admin, lambda work: inviting.make_link(work, "acme", Role.READ, days=7, uses=2))
    )
    token, bob = path.rpartition("/")[2], signed_in(hub, "bob")

    def accept(work: Any) -> None:
        inviting.accept(work, "acme", token, anyway=False)

    late = beside(hub, accept, lambda: worked(hub, bob, accept), by=bob)
    assert isinstance(late, InvalidFields), late
    with calling(hub, admin) as call:
        (invite,) = inviting.pending(call, "acme")
    assert invite.uses_left == 1


def test_of_two_last_admins_one_stays(hub: Hub, alice: Actor) -> None:
    organization(hub, "alice")
    made(hub, "bob")
    joins(hub, "bob", Role.ADMIN)
    bob = today(hub, signed_in(hub, "bob"))
    late = beside(
        hub,
        lambda work: members.leave(work, "acme"),
        lambda: worked(hub, bob, lambda work: members.leave(work, "acme")),
        by=today(hub, alice),
    )
    assert isinstance(late, Conflict), late


@pytest.mark.parametrize("how", ["deletes", "leaves"])
def test_an_organization_keeps_an_admin_whoever_goes_at_once(
    hub: Hub, alice: Actor, how: str
) -> None:
    """Both admins want their accounts deleted, or one of them does while the other one leaves."""
    place = organization(hub, "alice")
    made(hub, "bob")
    joins(hub, "bob", Role.ADMIN)
    bob = today(hub, signed_in(hub, "bob"))
    act: Callable[[Any], object] = (
        leave.schedule if how == "deletes" else lambda work: members.leave(work, "acme")
    )
    late = beside(hub, leave.schedule, lambda: worked(hub, bob, act), by=today(hub, alice))
    assert isinstance(late, Conflict), late
    with calling(hub) as call:
        assert organizations.has_other_admin(call, place.id, alice.user_id or 0)


def test_who_is_needed_after_all_is_not_deleted_yet(
    hub: Hub, clock: FrozenClock, alice: Actor
) -> None:
    organization(hub, "alice")
    made(hub, "bob")
    joins(hub, "bob", Role.ADMIN)
    worked(hub, today(hub, alice), leave.schedule)
    with hub.database.writing() as db:
        db.execute(sa.delete(memberships).where(memberships.c.user_id != alice.user_id))
    clock.advance(timedelta(days=7))
    called(hub, SYSTEM, gone.delete_due)
    assert person(hub, "alice").standing == Standing.LEAVING


def test_of_two_last_administrators_of_the_site_one_stays(hub: Hub) -> None:
    made(hub, "rita", admin=True)
    made(hub, "boris", admin=True)
    rita, boris = signed_in(hub, "rita"), signed_in(hub, "boris")
    late = beside(hub, leave.schedule, lambda: worked(hub, boris, leave.schedule), by=rita)
    assert isinstance(late, Forbidden), late


def test_nobody_deletes_the_account_out_of_a_suspension(hub: Hub, alice: Actor) -> None:
    user = person(hub, "alice")
    late = beside(
        hub,
        lambda work: suspend.suspend(work, user, suspend.Suspension("spam")),
        lambda: worked(hub, alice, leave.schedule),
        by=SYSTEM,
    )
    assert isinstance(late, Forbidden), late
    assert person(hub, "alice").standing == Standing.SUSPENDED
    assert open_sessions(hub, "alice") == 0


def test_an_account_that_is_deleted_this_moment_does_not_come_back(hub: Hub, alice: Actor) -> None:
    assert worked(hub, alice, leave.schedule) == hub.clock() + timedelta(days=7)
    user = person(hub, "alice")
    late = beside(
        hub,
        lambda work: gone.delete(work, user),
        lambda: worked(hub, alice, leave.cancel),
        by=SYSTEM,
    )
    assert isinstance(late, Unauthenticated), late
    with calling(hub) as call:
        assert people.by_id(call, user.id) is None
        left = call.db.scalar(sa.select(users.c.standing).where(users.c.id == user.id))
    assert left == Standing.DELETED


def test_the_end_of_a_suspension_ends_no_other_one(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")

    def shut(work: Any) -> None:
        short = suspend.Suspension("spam", until=hub.clock() + timedelta(hours=1))
        suspend.suspend(work, person(hub, "alice"), short)

    worked(hub, SYSTEM, shut)
    clock.advance(timedelta(hours=1))
    beside(hub, shut, lambda: worked(hub, SYSTEM, suspend.end_suspensions), by=SYSTEM)
    assert person(hub, "alice").standing == Standing.SUSPENDED


def test_the_last_way_in_is_not_removed_twice(hub: Hub) -> None:
    made(hub, "bob", password=None)
    user = person(hub, "bob")
    sites = tuple(
        LoginProvider(id=name, kind="github", name=name, client_id="c", client_secret="s")
        for name in ("here", "there")
    )
    offering = replace(hub, providers=sites)
    for site in sites:
        claims = Claims(provider=site.id, issuer=site.id, subject="1", email="", shown="bob")
        worked(offering, SYSTEM, partial(linking.keep, user=user, claims=claims))
    bob = by_session(hub, user)
    with calling(hub) as call:
        one, other = linking.identities_of(call, user.id)
    late = beside(
        offering,
        lambda work: linking.unlink(work, one.id),
        lambda: worked(offering, bob, lambda work: linking.unlink(work, other.id)),
        by=bob,
    )
    assert isinstance(late, InvalidFields), late
    with calling(hub) as call:
        assert len(linking.identities_of(call, user.id)) == 1


def by_session(hub: Hub, user: User) -> Actor:
    """Somebody without a password, whom another site has let in."""
    begun = worked(
        hub, SYSTEM, lambda work: sessions.start(work, user.id, admin=False, remember=False)
    )
    return by_cookie(hub, begun.cookie)  # type: ignore[attr-defined]  # of a `Started`


def test_tokens_made_at_once_are_counted(hub: Hub, alice: Actor) -> None:
    def create(name: str) -> Callable[[Any], object]:
        return lambda work: making.create(work, name, TokenRole.READ)

    late = beside(hub, create("one"), lambda: worked(hub, alice, create("two")), by=alice)
    assert isinstance(late, InvalidFields), late


def test_applications_made_at_once_are_counted(
    hub: Hub, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "MOST", 1)

    def create(name: str) -> Callable[[Any], object]:
        program = Described(name, redirect_uris=("https://app.example.com/cb",), scopes=("openid",))
        return lambda work: own.create(work, program, confidential=False)

    late = beside(hub, create("one"), lambda: worked(hub, alice, create("two")), by=alice)
    assert isinstance(late, InvalidFields), late


def test_organizations_made_at_once_are_counted(hub: Hub, alice: Actor) -> None:
    allowed = 5  # of the plan
    for number in range(allowed - 1):
        organization(hub, "alice", f"lab-{number}")

    def create(name: str) -> Callable[[Any], object]:
        return lambda work: found_organization(work, NewOrganization(name=name, guidelines=SAMPLE))

    late = beside(hub, create("one"), lambda: worked(hub, alice, create("two")), by=alice)
    assert isinstance(late, OverQuota), late


def test_two_at_once_are_not_one_watched_too_many(
    hub: Hub, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_ACCOUNTS", 1)
    for name in ("bob", "carol"):
        made(hub, name, password=None)

    def watch(name: str) -> Callable[[Any], object]:
        return lambda work: watching.heed_account(work, name, watch=True)

    second = beside(hub, watch("bob"), lambda: worked(hub, alice, watch("carol")), by=alice)
    assert isinstance(second, Conflict)
