"""Second factors under attack, on both databases: twice, at once, elsewhere, and by others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    HERE as HERE_ORIGIN,
    calling,
    code_in,
    fact_names,
    inbox,
    log_of,
    person,
)
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock
from fixtures.log_ins import (
    FORMS,
    HERE,
    enter,
    finish,
    shown,
    signed_in,
    ticket,
    with_app,
    with_passkey,
)
from strata.accounts.factors import checking, codes, held, passkeys, remembered, totp
from strata.accounts.factors.challenges import Purpose, Use
from strata.accounts.factors.halfway import Ticket
from strata.accounts.factors.tables import passkeys as kept_passkeys, recovery_codes
from strata.accounts.passwords import hashing
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Actor, Standing
from strata.core.call import working
from strata.core.errors import (
    AccountSuspended,
    InvalidFields,
    NotFound,
    ProofNeeded,
    StrataError,
    TooMany,
)
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.events.tables import facts
from strata.membership import recovery
from strata.sessions.entering import login
from strata.sessions.identities import linking
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.passwords import reset
from strata.sessions.protecting import changing, removal
from strata.sessions.protecting.finishing import Second
from strata.sessions.signed_in import sessions, sudo


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return signed_in(hub, "alice")


def at_once(*acts: Callable[[], object]) -> list[bool]:
    """Which of the acts came through."""

    def tried(act: Callable[[], object]) -> bool:
        try:
            act()
        except StrataError:
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(tried, acts))


def test_of_two_equal_codes_at_once_one_wins(hub: Hub, alice: Actor) -> None:
    app, _ = with_app(hub, alice)
    with pytest.raises(InvalidFields):  # setting it up used that one up
        finish(hub, ticket(hub), Second(code=app.at(hub.clock() - timedelta(seconds=30))))
    second = Second(code=app.at(hub.clock()))
    halves = [ticket(hub), ticket(hub)]
    won = at_once(*(lambda half=half: finish(hub, half, second) for half in halves))
    assert sorted(won) == [False, True]


def test_of_two_equal_recovery_codes_at_once_one_wins(hub: Hub, alice: Actor) -> None:
    _, kept = with_app(hub, alice)
    second = Second(recovery_code=kept[0])
    halves = [ticket(hub), ticket(hub)]
    won = at_once(*(lambda half=half: finish(hub, half, second) for half in halves))
    assert sorted(won) == [False, True]
    with calling(hub) as call:
        assert codes.of(call, alice.user_id or 0).left == 9


def test_one_ticket_opens_one_session(hub: Hub, alice: Actor) -> None:
    _, kept = with_app(hub, alice)
    half = ticket(hub)
    won = at_once(
        *(lambda code=code: finish(hub, half, Second(recovery_code=code)) for code in kept[:2])
    )
    assert sorted(won) == [False, True]
    with calling(hub) as call:
        assert codes.of(call, alice.user_id or 0).left == 9  # the loser's code is not burned


@pytest.mark.slow
def test_guessing_in_parallel_does_not_slip_past_the_limit(hub: Hub, alice: Actor) -> None:
    app, _ = with_app(hub, alice)
    halves = [ticket(hub) for _ in range(7)]
    at_once(*(lambda half=half: finish(hub, half, Second(code="000000")) for half in halves))
    assert fact_names(hub).count("account.2fa_failed") == 5
    with pytest.raises(TooMany):
        finish(hub, ticket(hub), Second(code=app.at(hub.clock())))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rounds", "minutes", "most"), [(24, 30, 50), (10, 5, 20)], ids=["a day", "an hour"]
)
def test_a_day_holds_fifty_guesses_and_an_hour_twenty(
    hub: Hub, alice: Actor, clock: FrozenClock, rounds: int, minutes: int, most: int
) -> None:
    with_app(hub, alice)
    tried = 0
    for _ in range(rounds):
        for _ in range(4):
            try:
                finish(hub, ticket(hub), Second(code="000000"))
            except InvalidFields:
                tried += 1
            except TooMany:
                break
        clock.advance(timedelta(minutes=minutes))
    assert tried == most


def test_a_challenge_is_answered_once_by_this_browser_for_this(hub: Hub, alice: Actor) -> None:
    key = with_passkey(hub, alice)
    answer = shown(hub, key)
    assert enter(hub, answer).name == "alice"
    with pytest.raises(InvalidFields):
        enter(hub, answer)
    with pytest.raises(InvalidFields):
        enter(hub, shown(hub, key), replace(HERE, forms="another browser"))
    with pytest.raises(InvalidFields):
        enter(hub, shown(hub, key, Use(Purpose.PROVE, FORMS)))
    evil = replace(key, origin="http://localhost.evil.example")
    for other in (evil, replace(key, handle="c29tZWJvZHkgZWxzZQ")):
        with pytest.raises(InvalidFields):
            enter(hub, shown(hub, other))
    same = shown(hub, key)
    assert sorted(at_once(lambda: enter(hub, same), lambda: enter(hub, same))) == [False, True]


def test_what_opens_nothing_stands_in_the_log(hub: Hub, alice: Actor) -> None:
    """A passkey that is wrong, and whoever shows enough and finds the account closed."""
    key = with_passkey(hub, alice)
    half = ticket(hub)
    answer = shown(hub, key, Use(Purpose.SECOND, half.value))
    with pytest.raises(InvalidFields):
        enter(hub, shown(hub, replace(key, origin="http://localhost.evil.example")))
    with hub.database.writing() as db:
        here = sa.update(users).where(users.c.id == alice.user_id)
        db.execute(here.values(standing=Standing.SUSPENDED.value))
    with pytest.raises(AccountSuspended):
        enter(hub, shown(hub, key))
    with pytest.raises(AccountSuspended):
        finish(hub, half, Second(passkey=answer))
    failed = sa.select(facts).where(facts.c.name == "account.login_failed").order_by(facts.c.id)
    with hub.database.reading() as db:
        told = [(row.subject_id, row.detail) for row in db.execute(failed)]
    closed = (alice.user_id, {"standing": "suspended"})
    assert told == [(None, {"how": "passkey"}), closed, closed]


def test_a_challenge_is_over_after_a_while(hub: Hub, alice: Actor, clock: FrozenClock) -> None:
    answer = shown(hub, with_passkey(hub, alice))
    clock.advance(timedelta(minutes=15))
    with pytest.raises(InvalidFields):
        enter(hub, answer)


def test_a_touch_alone_is_no_log_in_but_a_second_factor(hub: Hub, alice: Actor) -> None:
    key = with_passkey(hub, alice)
    key.verified = False
    with pytest.raises(InvalidFields):
        enter(hub, shown(hub, key))
    half = ticket(hub)
    use = Use(Purpose.SECOND, half.value)
    assert finish(hub, half, Second(passkey=shown(hub, key, use))).name == "alice"


def test_the_passkey_of_another_account_is_none(hub: Hub, alice: Actor) -> None:
    with_app(hub, alice)
    mallory = with_passkey(hub, signed_in(hub, "mallory"))
    half = ticket(hub)
    with pytest.raises(InvalidFields):
        finish(hub, half, Second(passkey=shown(hub, mallory, Use(Purpose.SECOND, half.value))))
    prove = Use(Purpose.PROVE, alice.session_mark)
    with calling(hub, alice) as call, pytest.raises(ProofNeeded):
        sudo.prove(call, sudo.Proof(passkey=shown(hub, mallory, prove)))
    with calling(hub, alice) as call, working(call) as work, pytest.raises(NotFound):
        changing.remove_passkey(work, 1)


def test_a_passkey_that_names_itself_as_a_kept_one_is_refused(hub: Hub, alice: Actor) -> None:
    """Nothing attests the name of a new passkey; it must not shadow the one of somebody else.

    Nor is one kept that a touch alone has made.
    """
    key, mallory = with_passkey(hub, alice), signed_in(hub, "mallory")
    touched = Authenticator(verified=False)
    for whose, claimed in ((mallory, Authenticator(id=key.id)), (alice, key), (alice, touched)):
        with calling(hub, whose) as call:
            options = changing.passkey_options(call)
        with calling(hub, whose) as call, pytest.raises(InvalidFields):
            changing.add_passkey(call, claimed.make(options), "mine now")
    assert enter(hub, shown(hub, key)).name == "alice"


def test_a_counter_that_stands_still_is_told(hub: Hub, alice: Actor) -> None:
    key = with_passkey(hub, alice)
    key.uses = 7
    enter(hub, shown(hub, key))
    assert "account.passkey_counter" not in fact_names(hub)
    enter(hub, shown(hub, key))
    assert "account.passkey_counter" in fact_names(hub)


def test_the_first_factor_brings_codes_and_the_last_takes_them(hub: Hub, alice: Actor) -> None:
    user_id = alice.user_id or 0
    with_passkey(hub, alice)
    with calling(hub) as call:
        assert codes.of(call, user_id).left == 10
        (only,) = passkeys.of(call, user_id)
    rules = replace(hub.settings.accounts, factor_removal_hours=24)
    slow = replace(hub, settings=replace(hub.settings, accounts=rules))
    with calling(slow, alice) as call, working(call) as work:
        changing.remove_passkey(work, only.id)
        changing.cancel_removal(work)
    assert "account.passkey_remove" not in fact_names(hub)  # it was there all the while
    with calling(hub, alice) as call, working(call) as work:
        remembered.remember(work, user_id)
        changing.remove_passkey(work, only.id)
    assert "account.passkey_remove" in fact_names(hub)
    with calling(hub) as call:
        assert not codes.of(call, user_id).exist
        assert not remembered.of(call, user_id)
        assert not held.of(call, user_id).any


def test_an_account_has_a_bounded_number_of_passkeys(hub: Hub, alice: Actor) -> None:
    with_passkey(hub, alice)
    row = {"user_id": alice.user_id, "public_key": b"", "uses": 0, "created_at": hub.clock()}
    others = [row | {"credential_id": f"{number:04}", "name": "key"} for number in range(24)]
    with hub.database.writing() as db:
        db.execute(sa.insert(kept_passkeys), others)
    with pytest.raises(InvalidFields, match=r"passkey\.too_many"):
        with_passkey(hub, alice)


def test_one_of_two_factors_taken_away_signs_others_out(hub: Hub, alice: Actor) -> None:
    with_app(hub, alice)
    with_passkey(hub, alice)
    with calling(hub, alice) as call, working(call) as work:
        other = sessions.start(work, alice.user_id or 0, admin=False, remember=False).cookie
        (only,) = passkeys.of(work, alice.user_id or 0)
        changing.remove_passkey(work, only.id)
    with calling(hub) as call:
        assert sessions.actor_for_session(call.db, hub, other) is None
        assert totp.is_on(call, alice.user_id or 0)


def test_a_stolen_session_takes_nothing_away(hub: Hub, alice: Actor) -> None:
    with_app(hub, alice)
    stolen = replace(alice, proved_until=hub.clock())
    with calling(hub, stolen) as call, pytest.raises(ProofNeeded):
        changing.renew_codes(call)
    theirs = Claims("there", "https://a.example", "4711", "mallory")
    for act in (
        changing.turn_off,
        changing.cancel_removal,
        lambda work: linking.link(work, theirs),
        lambda work: linking.unlink(work, 1),
    ):
        with calling(hub, stolen) as call, working(call) as work, pytest.raises(ProofNeeded):
            act(work)
    with calling(hub) as call:
        assert totp.is_on(call, alice.user_id or 0)


def test_who_has_no_password_shows_a_mailed_code(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    with calling(hub, alice) as call, pytest.raises(ProofNeeded):
        sudo.prove(call, sudo.Proof(by_mail=True))  # who has one shows that
    assert inbox(hub, "alice@example.org") == []
    with calling(hub) as call, working(call) as work:
        mine = sa.update(users).where(users.c.id == alice.user_id)
        work.db.execute(mine.values(password_hash=None))
    with calling(hub, alice) as call, pytest.raises(ProofNeeded):
        sudo.prove(call, sudo.Proof())  # nothing is not enough
    with calling(hub, alice) as call, pytest.raises(ProofNeeded) as told:
        sudo.prove(call, sudo.Proof(by_mail=True))
    assert told.value.fault == sudo.MAILED
    code = code_in(inbox(hub, "alice@example.org")[-1])
    with calling(hub, alice) as call:
        assert sudo.prove(call, sudo.Proof(code=code)).actor.proved_until
    with calling(hub, alice) as call, pytest.raises(ProofNeeded):
        sudo.prove(call, sudo.Proof(code=code))
    for _ in range(4):
        with calling(hub, alice) as call, pytest.raises(ProofNeeded):
            sudo.prove(call, sudo.Proof(by_mail=True))
    code = code_in(inbox(hub, "alice@example.org")[-1])
    with calling(hub, alice) as call, pytest.raises(TooMany):  # five mails an hour
        sudo.prove(call, sudo.Proof(by_mail=True))
    clock.advance(timedelta(minutes=10))
    with calling(hub, alice) as call, pytest.raises(ProofNeeded):
        sudo.prove(call, sudo.Proof(code=code))


def test_a_reset_clears_remembered_browsers_and_leaves_the_factor(hub: Hub, alice: Actor) -> None:
    app, _ = with_app(hub, alice)
    with calling(hub) as call, working(call) as work:
        remembered.remember(work, alice.user_id or 0)
        reset.send(work, person(hub, "alice"), ["alice@example.org"])
    link = inbox(hub, "alice@example.org")[-1].text.split("/reset-password/")[1].split()[0]
    half = ticket(hub)
    with calling(hub) as call:
        recovery.choose(call, link, recovery.NewPassword("An0ther-Horse!b"))
        assert not remembered.of(call, alice.user_id or 0)
    with pytest.raises(NotFound):
        finish(hub, half, Second(code=app.at(hub.clock())))
    with calling(hub) as call:
        again = login.log_in(call, login.LogIn("alice", "An0ther-Horse!b", HERE))
    assert isinstance(again, Ticket)


SITE = LoginProvider("there", "oidc", "There", "client", "secret", issuer="https://a.example")


def without_password(hub: Hub) -> tuple[Hub, Actor]:
    """Ida, who came from another site."""
    near = replace(hub, providers=(SITE,))
    ida = signed_in(near, "ida")
    with calling(near) as call, working(call) as work:
        work.db.execute(sa.update(users).values(password_hash=None))
        linking.keep(work, person(near, "ida"), Claims("there", SITE.issuer, "4711", "ida"))
    return near, ida


def unlink(hub: Hub, actor: Actor, base_url: str = HERE_ORIGIN.base_url) -> None:
    with calling(hub, actor, replace(HERE_ORIGIN, base_url=base_url)) as call:
        (identity,) = linking.identities_of(call, actor.user_id or 0)
        with working(call) as work:
            linking.unlink(work, identity.id)


def remove_passkey(hub: Hub, actor: Actor) -> None:
    with calling(hub, actor) as call:
        (passkey,) = passkeys.of(call, actor.user_id or 0)
        with working(call) as work:
            changing.remove_passkey(work, passkey.id)


def slowly(hub: Hub) -> Hub:
    """The hub where the last factor goes a day after its owner wished so."""
    rules = replace(hub.settings.accounts, factor_removal_hours=24)
    return replace(hub, settings=replace(hub.settings, accounts=rules))


def run_removal(hub: Hub, actor: Actor, clock: FrozenClock) -> None:
    clock.advance(timedelta(days=1))
    with calling(hub) as call:
        removal.RemoveFactors(actor.user_id or 0).run(call)


def test_a_passkey_that_is_about_to_go_is_no_other_way_in(hub: Hub, clock: FrozenClock) -> None:
    near, ida = without_password(slowly(hub))
    with_passkey(near, ida)
    remove_passkey(near, ida)
    with pytest.raises(InvalidFields, match=r"identity\.last"):
        unlink(near, ida)
    run_removal(near, ida, clock)
    with calling(near) as call:
        assert len(linking.identities_of(call, ida.user_id or 0)) == 1
        assert passkeys.of(call, ida.user_id or 0) == []


def test_a_passkey_stays_when_the_other_way_in_went_during_the_wait(
    hub: Hub, clock: FrozenClock
) -> None:
    near, ida = without_password(slowly(hub))
    with_passkey(near, ida)
    remove_passkey(near, ida)
    run_removal(replace(near, providers=()), ida, clock)  # the operator offers the site no more
    with calling(near) as call:
        assert len(passkeys.of(call, ida.user_id or 0)) == 1
        assert removal.of(call, ida.user_id or 0) is None
    assert fact_names(near)[-1] == "account.2fa_removal_cancel"


@pytest.mark.parametrize("by", ["an operator", "its owner, after the wait"])
def test_each_passkey_that_goes_is_written_down(hub: Hub, clock: FrozenClock, by: str) -> None:
    near = slowly(hub)
    alice = signed_in(near, "alice")
    with_passkey(near, alice)
    if by == "an operator":
        with calling(near, SYSTEM) as call, working(call) as work:
            removal.reset_by_operator(work, person(near, "alice"), "seen")
    else:
        remove_passkey(near, alice)
        assert "account.passkey_remove" not in fact_names(near)
        run_removal(near, alice, clock)
    assert fact_names(near)[-2:] == ["account.passkey_remove", "account.2fa_disable"]
    assert log_of(near, "alice").count("account.passkey_remove") == 1


def test_the_last_way_in_stays_be_it_a_site_or_a_passkey(hub: Hub) -> None:
    near, ida = without_password(hub)
    with pytest.raises(InvalidFields, match=r"identity\.last"):
        unlink(near, ida)
    with_passkey(near, ida)
    with pytest.raises(InvalidFields, match=r"identity\.last"):  # of a site that is gone
        remove_passkey(replace(near, providers=()), ida)
    remove_passkey(near, ida)
    with_passkey(near, ida)
    with pytest.raises(InvalidFields, match=r"identity\.last"):  # where none can be shown
        unlink(near, ida, "http://192.0.2.1")
    unlink(near, ida)
    with pytest.raises(InvalidFields, match=r"identity\.last"):
        remove_passkey(near, ida)


def test_of_two_last_ways_in_given_up_at_once_one_stays(hub: Hub) -> None:
    near, ida = without_password(hub)
    with_passkey(near, ida)
    done = at_once(lambda: unlink(near, ida), lambda: remove_passkey(near, ida))
    assert done.count(True) == 1


def test_the_owner_hears_of_guesses_at_the_second_factor_once(hub: Hub, alice: Actor) -> None:
    with_app(hub, alice)
    before = len(inbox(hub, "alice@example.org"))
    half, told = ticket(hub), []
    for _ in range(checking.WARNED_AT + 1):
        with pytest.raises(InvalidFields):
            finish(hub, half, Second(code="000000"))
        told.append(inbox(hub, "alice@example.org")[before:])
    assert [len(mails) for mails in told] == [0, 0, 1, 1]
    assert "may know your password" in told[-1][0].text


def test_recovery_codes_are_kept_as_salted_slow_hashes(hub: Hub, alice: Actor) -> None:
    user_id = alice.user_id or 0
    _, shown = with_app(hub, alice)
    with calling(hub) as call:
        rows = call.db.execute(sa.select(recovery_codes)).all()
    (salt,) = {row.salt for row in rows}
    assert len(bytes.fromhex(salt)) == 16
    slow = hashing.stretched(hub, shown[0].replace("-", ""), bytes.fromhex(salt))
    assert hub.secrets.digest("recovery.code", slow) in {row.digest for row in rows}
    again = codes.draw(hub)
    assert again.salt != salt
    with calling(hub) as call, working(call) as work:
        codes.keep(work, user_id, again)
    with calling(hub) as call:
        old, new = (codes.read(call, user_id, code) for code in (shown[0], again.shown[0].lower()))
        with working(call) as work:
            assert not codes.take(work, user_id, old)
            assert codes.take(work, user_id, new)
            assert not codes.take(work, user_id, new)
