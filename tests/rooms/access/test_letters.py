"""Who is written to about a gate, how often, and in which language."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import inbox, made, mail_count
from fixtures.gated import asks, decides, does, gate
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling
from fixtures.organizations import joins, organization, today
from strata.access.gates import decisions, notices
from strata.access.gates.letters import LETTERS_PER_HOUR
from strata.access.gates.record import Standing
from strata.accounts.notices.choices import Kind, Wanted, choose
from strata.accounts.notices.times import Quiet, Times, choose_times
from strata.accounts.notices.unsubscribing import Ticket, read
from strata.accounts.tables import users
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.errors import Forbidden, GatedRepo, Malformed
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.core.settings.groups.running import MailSettings
from strata.events import outbox
from strata.events.mails.tables import mails
from strata.events.tables import jobs
from strata.repos.change import Settings
from strata.repos.create import Wish
from strata.repos.record import Repo
from strata.repos.requests.digest import TellOfRequests

PENDING, ACCEPTED, REJECTED, RESET = Standing
OWNER = "ana@example.org"


def letters(hub: Hub, recipient: str) -> list[outbox.Kept]:
    """The mails about repos to an address, oldest first."""
    return [kept for kept in inbox(hub, recipient) if "/one" in kept.subject]


def speaks_chinese(hub: Hub, actor: Actor) -> None:
    with hub.database.writing() as db:
        db.execute(sa.update(users).where(users.c.id == actor.user_id).values(language="zh-CN"))


def digests(hub: Hub) -> None:
    with calling(hub, SYSTEM) as call:
        TellOfRequests().run(call)


def test_the_owner_hears_of_a_request_and_the_person_of_the_decision(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    (told,) = letters(hub, OWNER)
    assert told.subject == "bob asks for access to ana/one"
    assert "/ana/one/settings/access-requests" in told.text
    assert "bob@example.org" not in told.text
    for standing, words, reason in (
        (ACCEPTED, "You have access to ana/one", ""),
        (REJECTED, "was declined", "<b>No</b> students"),
        (RESET, "ask again", "The terms changed"),
    ):
        decides(hub, ana, repo, standing, "bob", reason)
        newest = letters(hub, "bob@example.org")[-1]
        assert words in newest.subject
        assert reason in newest.text
        assert "<b>" not in newest.html
    before = mail_count(hub)
    decides(hub, ana, repo, PENDING, "bob")
    assert mail_count(hub) == before


def test_letters_are_in_the_language_of_their_reader(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    for actor in (ana, bob):
        speaks_chinese(hub, actor)
    asks(hub, bob, repo)
    assert letters(hub, OWNER)[-1].subject == "bob 申请访问 ana/one"
    decides(hub, ana, repo, REJECTED, "bob", "不符合条件")
    assert "不符合条件" in letters(hub, "bob@example.org")[-1].text
    assert "您对 ana/one 的访问申请未通过" in letters(hub, "bob@example.org")[-1].subject


def test_who_wants_no_such_mails_gets_none(hub: Hub, ana: Actor, bob: Actor, repo: Repo) -> None:
    for actor, kind in ((ana, Kind.GATE_REQUEST), (bob, Kind.GATE_DECISION)):
        with calling(hub, actor) as call, working(call) as work:
            choose(work, actor.user_id or 0, {kind: Wanted(web=True, mail=False)})
    asks(hub, bob, repo)
    decides(hub, ana, repo, ACCEPTED, "bob")
    assert letters(hub, OWNER) == letters(hub, "bob@example.org") == []
    does(hub, ana, lambda work: notices.change(work, repo, email="team@example.net"))
    asks(hub, made(hub, "cem"), repo)
    assert len(letters(hub, "team@example.net")) == 1  # the address was chosen for this repo alone


def test_letters_wait_for_the_end_of_quiet_hours_and_say_how_to_stop_them(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    nine_to_five = Times(quiet=Quiet(9 * 60, 17 * 60))  # it is nine in the morning
    does(hub, ana, lambda work: choose_times(work, ana.user_id or 0, nine_to_five))
    mailing = replace(
        hub, settings=replace(hub.settings, mail=MailSettings(url="smtp://x?from=a@b.org"))
    )
    asks(mailing, bob, repo)
    decides(mailing, ana, repo, ACCEPTED, "bob")
    with calling(hub, SYSTEM) as call:
        due = call.db.scalars(sa.select(jobs.c.due).where(jobs.c.kind == "mail.send"))
        assert sorted(due) == [hub.clock(), hub.clock() + timedelta(hours=8)]
        headers = list(call.db.scalars(sa.select(mails.c.headers)))
    stops = [
        Ticket(ana.user_id or 0, (Kind.GATE_REQUEST,)),
        Ticket(bob.user_id or 0, (Kind.GATE_DECISION,)),
    ]
    with calling(hub, SYSTEM) as call:
        links = [one["List-Unsubscribe"].strip("<>").rpartition("/")[2] for one in headers]
        assert [read(call, link) for link in links] == stops
    assert {one["List-Unsubscribe-Post"] for one in headers} == {"List-Unsubscribe=One-Click"}


def test_a_gate_that_decides_by_itself_writes_to_nobody(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    before = mail_count(hub)
    asks(hub, bob, gate(hub, ana, repo, Settings(gated="auto")))
    assert mail_count(hub) == before


def test_another_address_may_be_told_and_only_managers_choose_it(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    does(hub, ana, lambda work: notices.change(work, repo, email="team@example.net"))
    asks(hub, bob, repo)
    assert letters(hub, OWNER) == []
    assert len(letters(hub, "team@example.net")) == 1
    with pytest.raises(Malformed, match="gatedNotificationsEmail"):
        does(hub, ana, lambda work: notices.change(work, repo, email="nobody"))
    with pytest.raises(GatedRepo):
        does(hub, bob, lambda work: notices.change(work, repo, email="bob@example.org"))
    decides(hub, ana, repo, ACCEPTED, "bob")
    with pytest.raises(Forbidden):
        does(hub, bob, lambda work: notices.change(work, repo, email="bob@example.org"))


def test_a_digest_comes_once_a_day_and_counts_what_is_new(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    does(hub, ana, lambda work: notices.change(work, repo, mode="bulk"))
    asks(hub, bob, repo)
    clock.advance(timedelta(hours=20))
    asks(hub, eve, repo)
    digests(hub)
    assert letters(hub, OWNER) == []
    clock.advance(timedelta(hours=4))
    for _ in range(2):
        digests(hub)
        (told,) = letters(hub, OWNER)
        assert told.subject == "2 new requests wait for ana/one"
    clock.advance(timedelta(hours=30))
    digests(hub)
    assert len(letters(hub, OWNER)) == 1


@pytest.mark.slow
def test_a_flood_of_requests_is_told_in_a_digest(hub: Hub, clock: FrozenClock, repo: Repo) -> None:
    for number in range(LETTERS_PER_HOUR + 3):
        asks(hub, made(hub, f"person-{number}"), repo)
    assert len(letters(hub, OWNER)) == LETTERS_PER_HOUR
    clock.advance(timedelta(days=1))
    digests(hub)
    assert letters(hub, OWNER)[-1].subject == "3 new requests wait for ana/one"


@pytest.mark.usefixtures("eve")
def test_admins_of_an_organisation_are_told(hub: Hub, ana: Actor, bob: Actor) -> None:
    organization(hub, "ana")
    joins(hub, "eve", Role.ADMIN)
    made(hub, "writer")
    joins(hub, "writer", Role.WRITE)
    boss = today(hub, ana)
    with calling(hub, boss) as call:
        plain = new_repo.create(call, Wish(RepoType.DATASET, "acme", "one"), files={})
    asks(hub, bob, gate(hub, boss, plain, Settings(gated="manual")))
    told = [len(letters(hub, f"{name}@example.org")) for name in ("ana", "eve", "writer")]
    assert told == [1, 1, 0]


@pytest.mark.usefixtures("bob")
def test_nobody_is_written_to_about_what_is_hidden_from_them(
    hub: Hub, ana: Actor, repo: Repo
) -> None:
    hidden = gate(hub, ana, repo, Settings(private=True))
    does(hub, ana, lambda work: decisions.grant(work, hidden, "bob"))
    assert letters(hub, "bob@example.org") == []
