"""How long browsers stay signed in, and that reading writes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, confirmation_in, fact_names, inbox, made, person
from fixtures.hubs import FrozenClock
from strata.accounts import people
from strata.accounts.factors import halfway, remembered
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Actor, Standing
from strata.core.call import working
from strata.core.errors import ProofNeeded
from strata.core.hub import Hub
from strata.credentials.uses import Uses
from strata.events.jobs import run_due
from strata.events.tables import jobs
from strata.membership.jobs import TidyAccounts, begin_tidying
from strata.sessions.entering import signing_out, waiting
from strata.sessions.signed_in import csrf, sessions
from strata.sessions.signed_in.tables import sessions as kept_sessions


def started(hub: Hub, person: Actor, *, remember: bool = False) -> sessions.Started:
    with calling(hub) as call, working(call) as work:
        return sessions.start(work, person.user_id or 0, admin=person.admin, remember=remember)


def alive(hub: Hub, cookie: str) -> bool:
    with calling(hub) as call:
        return sessions.actor_for_session(call.db, hub, cookie) is not None


@pytest.mark.parametrize(
    ("admin", "remember", "idle"),
    [
        (False, True, timedelta(days=14)),
        (False, False, timedelta(hours=12)),
        (True, True, timedelta(minutes=30)),
    ],
)
def test_an_unused_session_ends(
    hub: Hub, clock: FrozenClock, *, admin: bool, remember: bool, idle: timedelta
) -> None:
    session = started(hub, made(hub, "alice", admin=admin), remember=remember)

    clock.advance(idle - timedelta(seconds=1))
    assert alive(hub, session.cookie)
    clock.advance(timedelta(seconds=1))
    assert not alive(hub, session.cookie)


@pytest.mark.parametrize(
    ("admin", "remember", "step", "absolute"),
    [
        (False, True, timedelta(days=10), timedelta(days=90)),
        (False, False, timedelta(hours=6), timedelta(hours=24)),
        (True, False, timedelta(minutes=20), timedelta(hours=8)),
    ],
)
def test_a_used_session_lives_on_until_its_absolute_end(
    hub: Hub,
    clock: FrozenClock,
    *,
    admin: bool,
    remember: bool,
    step: timedelta,
    absolute: timedelta,
) -> None:
    session = started(hub, made(hub, "alice", admin=admin), remember=remember)
    end, uses = hub.clock() + absolute, Uses()

    while hub.clock() + step < end:
        clock.advance(step)
        with calling(hub) as call:
            actor = sessions.actor_for_session(call.db, hub, session.cookie)
        assert actor is not None
        uses.note(actor, hub.clock())
        uses.flush(hub)
    clock.advance(end - hub.clock())

    assert not alive(hub, session.cookie)
    with hub.database.writing() as db:  # the one end is looked at beside the other one
        assert db.execute(sa.select(kept_sessions.c.idle_expires_at)).scalar_one() <= end
        db.execute(sa.update(kept_sessions).values(idle_expires_at=end + step))
    assert not alive(hub, session.cookie)


def test_only_a_remembered_cookie_outlives_the_browser(hub: Hub) -> None:
    alice = made(hub, "alice")

    assert started(hub, alice, remember=True).max_age_s == 90 * 24 * 3600
    assert started(hub, alice).max_age_s is None


def test_seen_moves_at_most_every_ten_minutes(hub: Hub, clock: FrozenClock) -> None:
    session = started(hub, made(hub, "alice"))
    actor, uses = Actor(user_id=1, session_id=session.id), Uses()
    seen = []

    for _ in range(3):
        clock.advance(timedelta(minutes=6))
        uses.note(actor, hub.clock())
        uses.flush(hub)
        with hub.database.reading() as db:
            seen.append(db.scalar(sa.select(kept_sessions.c.seen_at)))

    assert len(set(seen)) == 2


def test_an_admin_at_work_is_not_logged_out(hub: Hub, clock: FrozenClock) -> None:
    """Thirty idle minutes count from the last request, not from one up to ten minutes before."""
    session = started(hub, made(hub, "alice", admin=True))
    actor, uses = Actor(user_id=1, session_id=session.id), Uses()
    clock.advance(timedelta(minutes=9))
    uses.note(actor, hub.clock())
    uses.flush(hub)

    clock.advance(timedelta(minutes=29))
    assert alive(hub, session.cookie)
    clock.advance(timedelta(minutes=1))
    assert not alive(hub, session.cookie)


def test_the_cookie_itself_is_not_kept(hub: Hub) -> None:
    session = started(hub, made(hub, "alice"))

    with hub.database.reading() as db:
        row = db.execute(sa.select(kept_sessions)).one()
    assert session.cookie not in str(row)
    assert session.cookie not in repr(session)
    assert len(session.cookie) == 43  # 256 bits


@pytest.mark.parametrize("cookie", ["", "x", "y" * 43, "z" * 100_000, "ü"])
def test_a_made_up_cookie_is_nobody(hub: Hub, cookie: str) -> None:
    started(hub, made(hub, "alice"))

    assert not alive(hub, cookie)


def test_a_session_of_a_suspended_account_opens_nothing(hub: Hub) -> None:
    """Even one that was begun while the account was closed, which ends the others."""
    session = started(hub, made(hub, "alice"))
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(standing=Standing.SUSPENDED.value))

    assert not alive(hub, session.cookie)


def test_logging_out_ends_this_session_only(hub: Hub) -> None:
    alice = made(hub, "alice")
    here, there = started(hub, alice), started(hub, alice)
    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, here.cookie)
    assert actor is not None

    with calling(hub, actor) as call, working(call) as work:
        sessions.log_out(work)

    assert not alive(hub, here.cookie)
    assert alive(hub, there.cookie)
    assert fact_names(hub)[-1] == "account.logout"


def test_form_proofs_belong_to_one_cookie(hub: Hub) -> None:
    mine, other = started(hub, made(hub, "alice")).cookie, "other"

    assert csrf.is_genuine(hub, mine, csrf.token_for(hub, mine))
    assert not csrf.is_genuine(hub, mine, csrf.token_for(hub, other))
    assert not csrf.is_genuine(hub, mine, "")
    assert not csrf.is_genuine(hub, mine, "ü")


def test_only_we_make_form_cookies(hub: Hub) -> None:
    cookie = csrf.fresh_form_cookie(hub)

    assert csrf.is_form_cookie(hub, cookie)
    for forged in (
        "",
        "x",
        cookie[:-1] + ("0" if cookie[-1] != "0" else "1"),
        "ü" * 108,
        "." * 108,
    ):
        assert not csrf.is_form_cookie(hub, forged)


def test_tidying_removes_what_is_over_and_queues_itself(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    started(hub, alice)
    lasting = started(hub, alice, remember=True)
    for _ in range(2):  # every start of a process asks for it
        with calling(hub) as call, working(call) as work:
            begin_tidying(work)
    clock.advance(timedelta(days=1))

    assert run_due(hub, {TidyAccounts.kind: TidyAccounts}) == 1

    with hub.database.reading() as db:
        assert db.scalars(sa.select(kept_sessions.c.id)).all() == [lasting.id]
        assert db.scalars(sa.select(jobs.c.due)).all() == [hub.clock() + timedelta(hours=1)]


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.DELETED])
def test_a_session_that_is_there_still_opens_no_closed_account(
    hub: Hub, standing: Standing
) -> None:
    """Closing an account ends its sessions; one that slips through is shut out all the same."""
    bob = made(hub, "bob-the-closed")
    cookie = started(hub, bob).cookie
    assert alive(hub, cookie)
    with hub.database.writing() as db:
        here = sa.update(users).where(users.c.id == bob.user_id)
        db.execute(here.values(standing=standing.value))
    assert not alive(hub, cookie)


@pytest.mark.parametrize(("admin", "most"), [(False, sessions.MOST), (True, sessions.ADMINS_MOST)])
def test_the_session_that_was_not_seen_for_longest_ends_where_there_are_too_many(
    hub: Hub, clock: FrozenClock, *, admin: bool, most: int
) -> None:
    person, other = made(hub, "alice", admin=admin), made(hub, "bob")
    bobs = started(hub, other).cookie
    cookies = []
    for _ in range(most + 1):
        clock.advance(timedelta(seconds=1))
        cookies.append(started(hub, person).cookie)

    assert not alive(hub, cookies[0])
    assert all(alive(hub, cookie) for cookie in [*cookies[1:], bobs])
    assert fact_names(hub).count("account.session_revoke") == 1


def test_who_signs_others_out_shows_who_sits_there(hub: Hub) -> None:
    alice = made(hub, "alice")
    stolen, others = started(hub, alice), started(hub, alice)
    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, stolen.cookie)
    assert actor is not None
    late = replace(actor, proved_until=None)
    for act in (
        lambda work: signing_out.revoke(work, others.id),
        signing_out.revoke_others,
    ):
        with calling(hub, late) as call, working(call) as work, pytest.raises(ProofNeeded):
            act(work)
    assert alive(hub, others.cookie)
    with calling(hub, actor) as call, working(call) as work:
        assert signing_out.revoke_others(work) == 1
    assert not alive(hub, others.cookie)


def test_an_operator_signs_out_one_person_or_everybody(hub: Hub) -> None:
    alice, bob, carol = (started(hub, made(hub, name)) for name in ("alice", "bob", "carol"))
    with calling(hub, SYSTEM) as call, working(call) as work:
        user = people.by_name(work, "alice")
        assert user is not None
        assert signing_out.sign_out(work, user) == 1
    assert [alive(hub, one.cookie) for one in (alice, bob, carol)] == [False, True, True]
    with calling(hub, SYSTEM) as call, working(call) as work:
        assert signing_out.sign_everybody_out(work) == 2
    assert not any(alive(hub, one.cookie) for one in (bob, carol))
    assert fact_names(hub).count("account.session_revoke") == 2


def test_who_was_signed_out_with_everybody_begins_from_the_beginning(hub: Hub) -> None:
    made(hub, "alice")
    user = person(hub, "alice")
    half = halfway.Halfway(user.id, "password", remember=False)
    with calling(hub) as call, working(call) as work:
        ticket = halfway.begin(work, half, "forms")
        cookie = remembered.remember(work, user.id)
        held = waiting.begin(work, user, forms="forms", remember=False)
    run_due(hub, {waiting.SendLogInLink.kind: waiting.SendLogInLink})
    link = confirmation_in(inbox(hub, user.email)[-1])
    with calling(hub) as call:
        assert halfway.look(call, ticket) == half
        assert remembered.knows(call, user.id, cookie)
        assert waiting.look(call, link, held) is waiting.Outcome.READY

    with calling(hub, SYSTEM) as call, working(call) as work:
        signing_out.sign_everybody_out(work)
    with calling(hub) as call:
        assert halfway.look(call, ticket) is None
        assert not remembered.knows(call, user.id, cookie)
        assert waiting.look(call, link, held) is waiting.Outcome.OVER
