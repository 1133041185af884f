"""Accounts that nobody confirms: told after 27 days, gone after 30."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    HERE,
    calling,
    confirmation_in,
    fact_names,
    inbox,
    joined,
    link_in,
    made,
    person,
)
from fixtures.hubs import FrozenClock
from fixtures.traces import texts_with
from strata.accounts import limits, people
from strata.accounts.legal.tables import consents
from strata.accounts.naming import names
from strata.accounts.notices.tables import notice_choices
from strata.accounts.plans import grants
from strata.accounts.plans.rules import by_invite
from strata.accounts.tables import emails, namespaces, users
from strata.core.actor import Actor, TokenRole
from strata.core.call import Call, Origin, reading, working
from strata.core.hub import Hub
from strata.credentials.tokens import making
from strata.events.audit import verify
from strata.events.audit.sealing import seal
from strata.events.tables import facts, jobs
from strata.membership.confirming import mailing, unconfirmed as removal, verification
from strata.membership.confirming.tables import verifications
from strata.membership.jobs import EVERY, TidyAccounts
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.identities.tables import identities
from strata.sessions.signed_in.tables import sessions

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _governed(hub: Hub) -> None:
    """Let the hub have its administrator, so that the next sign-up is nothing special."""
    made(hub, "head-of-it", admin=True)


def tidied(hub: Hub, clock: FrozenClock, *, after: timedelta) -> None:
    """Let time pass and the hub do its housekeeping, with no request to lean on."""
    clock.advance(after)
    with reading(hub) as call:
        TidyAccounts().run(call)


def there(hub: Hub, name: str) -> bool:
    with calling(hub) as call:
        return people.by_name(call, name) is not None


def unconfirmed(hub: Hub, name: str) -> None:
    """Have an account that nobody confirmed, without the price of a password."""
    made(hub, name, password=None)
    its = namespaces.c.name == name
    with hub.database.writing() as db:
        user_id = db.scalar(sa.select(namespaces.c.id).where(its))
        change = sa.update(users).where(users.c.id == user_id)
        db.execute(change.values(verified_at=None))
        db.execute(sa.delete(emails).where(emails.c.user_id == user_id))


def bearer(call: Call, name: str) -> names.Namespace:
    found = names.find(call, name)
    assert found is not None
    return found


@pytest.mark.slow
def test_a_reminder_goes_out_three_days_before_and_once(hub: Hub, clock: FrozenClock) -> None:
    joined(hub, "alice")
    tidied(hub, clock, after=27 * DAY - EVERY)
    assert len(inbox(hub, "alice@example.org")) == 1
    tidied(hub, clock, after=EVERY)
    tidied(hub, clock, after=EVERY)

    _, reminder = inbox(hub, "alice@example.org")
    assert "removed in 3 days" in reminder.subject
    # The job has no address of its own: it uses the one that the person signed up at.
    assert link_in(reminder) == f"{HERE.base_url}/verify-email"
    assert reminder.html.count("href=") == 1


def test_the_reminder_is_in_the_readers_language(hub: Hub, clock: FrozenClock) -> None:
    joined(hub, "li-wei", language="zh-CN")
    tidied(hub, clock, after=27 * DAY)
    assert "3 天后删除" in inbox(hub, "li-wei@example.org")[-1].subject


@pytest.mark.slow
def test_after_thirty_days_name_and_address_are_free(hub: Hub, clock: FrozenClock) -> None:
    gone = joined(hub, "alice")
    tidied(hub, clock, after=27 * DAY)
    tidied(hub, clock, after=3 * DAY - EVERY)
    assert there(hub, "alice")
    tidied(hub, clock, after=EVERY)
    assert not there(hub, "alice")

    assert fact_names(hub)[-1] == "account.purge"
    with calling(hub) as call:
        for table in (consents, sessions, verifications):
            assert call.db.execute(sa.select(table)).all() == []
        assert call.db.scalar(sa.select(sa.func.count()).select_from(namespaces)) == 1
    again = joined(hub, "Alice", email="alice@example.org", origin=Origin(ip="198.51.100.1"))
    assert not person(hub, "alice").address_taken
    assert again.user_id != gone.user_id  # what old facts say is never about the new one


def test_nothing_tells_of_an_account_that_was_removed(hub: Hub, clock: FrozenClock) -> None:
    """Not the log, whose chain holds, nor the mails; what was agreed to stays, without a name."""
    mine = Origin("http://alices.example", ip="198.51.100.7", user_agent="alices browser")
    elsewhere = Claims("there", "https://there.example", "a", "a", "")  # costs no password
    joined(hub, "alice", origin=mine, password="", identity=elsewhere)
    told_of = ("alice", mine.ip)
    with calling(hub) as call:
        seal.seal_all(call)
    assert {"facts", "mails"} <= set(texts_with(hub, told_of))
    with calling(hub, Actor(user_id=person(hub, "alice").id, name="alice"), mine) as call:
        with working(call) as work:
            assert removal.leave(work, person(hub, "alice").id)
            clock.advance(7 * DAY)
            limits.forget_old(work)
        seal.seal_all(call)
        assert list(verify.verify(call)) == []
        row = call.db.execute(sa.select(facts).order_by(facts.c.id.desc())).first()
    assert row is not None
    assert (row.name, row.erased) == ("account.purge", False)
    assert row.detail["documents"]
    assert texts_with(hub, told_of) == []


def test_nobody_is_removed_without_three_days_notice(hub: Hub, clock: FrozenClock) -> None:
    joined(hub, "alice")
    tidied(hub, clock, after=60 * DAY)  # the hub was switched off meanwhile
    assert there(hub, "alice")
    tidied(hub, clock, after=3 * DAY)
    assert not there(hub, "alice")


@pytest.mark.slow
def test_whoever_confirms_in_time_stays(hub: Hub, clock: FrozenClock) -> None:
    signed_up = joined(hub, "alice")
    tidied(hub, clock, after=28 * DAY)
    alice = Actor(user_id=signed_up.user_id, name="alice", session_id=signed_up.session.id)
    with calling(hub, alice) as call:
        mailing.resend(call)
    with calling(hub) as call, working(call) as work:
        token = confirmation_in(inbox(hub, "alice@example.org")[-1])
        assert verification.confirm_link(work, token) is verification.Outcome.VERIFIED
    for _ in range(3):
        tidied(hub, clock, after=10 * DAY)
    assert there(hub, "alice")


@pytest.mark.slow
def test_whom_an_operator_confirmed_or_equipped_is_never_touched(
    hub: Hub, clock: FrozenClock
) -> None:
    made(hub, "made-by-operator")
    for name in ("planned", "roomy"):
        unconfirmed(hub, name)
    equipped = joined(hub, "equipped")
    with calling(hub) as call, working(call) as work:
        making.create_for(work, equipped.user_id, "ci", TokenRole.READ)
        grants.make(work, "Lab", {"repos": 7})
        grants.assign(work, bearer(work, "planned"), "Lab", None)
        grants.override(work, bearer(work, "roomy"), "repos", 7, None)
    # The first account of a hub is one, confirmed or not: else the next stranger would be.
    boss = sa.update(users).where(users.c.id == joined(hub, "boss").user_id)
    with hub.database.writing() as db:
        db.execute(boss.values(admin=True))
    for _ in range(4):
        tidied(hub, clock, after=20 * DAY)
    assert there(hub, "made-by-operator")
    for name in ("equipped", "planned", "roomy"):
        assert there(hub, name)
    assert there(hub, "boss")
    assert there(hub, "head-of-it")
    assert inbox(hub, "equipped@example.org")[1:] == []


def test_an_address_of_somebody_else_gets_no_reminder(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "owner")
    joined(hub, "pretender", email="owner@example.org")
    before = len(inbox(hub, "owner@example.org"))
    tidied(hub, clock, after=28 * DAY)
    tidied(hub, clock, after=3 * DAY)
    assert not there(hub, "pretender")
    assert there(hub, "owner")
    assert len(inbox(hub, "owner@example.org")) == before


def test_each_account_is_removed_for_itself(hub: Hub, clock: FrozenClock) -> None:
    """Nobody who writes waits for hundreds, and what fails for one brings no other back."""
    for name in ("one", "another"):
        unconfirmed(hub, name)
    tidied(hub, clock, after=27 * DAY)
    removed = []

    def fails(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM users"):
            removed.append(statement)
            if len(removed) == 2:
                raise OSError("the disk is full")

    engine = hub.database.writer
    sa.event.listen(engine, "before_cursor_execute", fails)
    with pytest.raises(OSError, match="full"):
        tidied(hub, clock, after=3 * DAY)
    sa.event.remove(engine, "before_cursor_execute", fails)
    assert [there(hub, name) for name in ("one", "another")] == [False, True]
    tidied(hub, clock, after=EVERY)
    assert not there(hub, "another")


def test_the_housekeeping_goes_on_by_itself(hub: Hub, clock: FrozenClock) -> None:
    tidied(hub, clock, after=DAY)
    with calling(hub) as call:
        (due,) = call.db.scalars(sa.select(jobs.c.due).where(jobs.c.kind == TidyAccounts.kind))
    assert due == clock() + EVERY


def test_what_they_chose_or_brought_along_keeps_no_account(hub: Hub, clock: FrozenClock) -> None:
    """Mails that they wanted, a log-in elsewhere, a plan that came with an invitation."""
    alice = joined(hub, "alice", mails=True).user_id
    with calling(hub) as call, working(call) as work:
        elsewhere = {"provider": "there", "issuer": "i", "subject": "s", "shown": "alice"}
        work.db.execute(
            sa.insert(identities).values(user_id=alice, created_at=work.now, **elsewhere)
        )
        grants.make(work, "team", {})
        by_invite(work, alice, "team", None)
        assert work.db.scalar(sa.select(notice_choices.c.user_id)) == alice
    tidied(hub, clock, after=27 * DAY)
    tidied(hub, clock, after=3 * DAY)
    assert not there(hub, "alice")
    assert joined(hub, "alice").name == "alice"
