"""Who is told of what, and who no longer; on both databases."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.contents import created
from fixtures.gated import asks, decides, does as gate_act, gate
from fixtures.hubs import FrozenClock
from fixtures.inboxes import (
    badge,
    does,
    heard,
    listed,
    opens,
    says,
    telling_hub,
    tidied,
    told,
)
from fixtures.large_files import calling, person, working_as
from fixtures.organizations import joins, leaves, organization, today
from strata.access.gates import decisions
from strata.access.gates.record import Standing as Gate
from strata.accounts import confirmed, people
from strata.accounts.notices import choices, heeding
from strata.accounts.notices.choices import Kind, Wanted
from strata.accounts.tables import users
from strata.app.hub import PERSONAL
from strata.community.discussions import thread
from strata.community.inbox import acts, badge as badge_of, entries, mailing, reading
from strata.community.inbox.acts import Act
from strata.community.inbox.record import Filter, News, Reason, Show, Until
from strata.community.inbox.tables import notifications
from strata.community.pulls import merging
from strata.community.telling.jobs import TellPeople
from strata.content.making import new_repo
from strata.core.actor import ANONYMOUS, SYSTEM, Actor, Grants, Role, TokenFacts, TokenRole
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound, TokenTooNarrow, Unauthenticated
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.events.facts import Whose, record, record_of
from strata.events.tables import facts, jobs
from strata.lib.db.seek import Window
from strata.membership.closing import gone
from strata.organizations.admitting import asking
from strata.organizations.admitting.queries import Rules
from strata.organizations.inviting import answering, queries as invites, sending
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.create import Wish
from strata.repos.record import Repo
from strata.web.pages.inbox.words import title_of


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = telling_hub(tmp_path / "data", clock, database_url=database_url)
    yield built
    built.database.close()


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def eve(hub: Hub) -> Actor:
    return person(hub, "eve")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    return created(hub, ana, "one")


def wants(hub: Hub, actor: Actor, kind: Kind, *, web: bool, mail: bool) -> None:
    with working_as(hub, actor) as work:
        choices.choose(work, actor.user_id or 0, {kind: Wanted(web, mail)})


def watches(hub: Hub, actor: Actor, repo: Repo, *, muted: bool = False) -> None:
    with working_as(hub, actor) as work:
        heeding.heed(work, actor.user_id or 0, repo.id, muted=muted)


def makes(hub: Hub, actor: Actor, repo: Repo, *, private: bool) -> None:
    with working_as(hub, actor) as work:
        change.change_settings(work, repo.repo_id, Settings(private=private))


def test_mentioned_participating_owning_and_watching_people_hear_and_the_doer_does_not(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    watcher = person(hub, "wim")
    watches(hub, watcher, repo)
    opens(hub, bob, repo, "Hello @eve, and @bob himself")

    assert heard(hub, bob) == []
    assert heard(hub, eve) == [("mention", "discussion.create")]
    assert heard(hub, ana) == [("yours", "discussion.create")]
    assert heard(hub, watcher) == [("watching", "discussion.create")]

    key = says(hub, ana, repo, "Because.")
    assert heard(hub, bob) == [("participating", "discussion.comment.create")]
    assert heard(hub, ana) == [("yours", "discussion.create")]
    (one,) = listed(hub, bob)
    assert (one.actor, one.thread.title if one.thread else "") == ("ana", "A question")
    assert one.path == f"/ana/one/discussions/1#{key}"
    assert (badge(hub, bob), badge(hub, ANONYMOUS)) == (1, 0)


def test_one_thread_is_one_row_with_the_best_reason_since_it_was_read(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo)
    says(hub, ana, repo, "Look, @bob")
    says(hub, ana, repo, "And also this.")
    assert heard(hub, bob) == [("mention", "discussion.comment.create")]

    (one,) = listed(hub, bob)
    assert does(hub, bob, Act.READ, one.id) == 1
    assert badge(hub, bob) == 0
    says(hub, ana, repo, "One more thing.")
    assert heard(hub, bob) == [("participating", "discussion.comment.create")]
    assert badge(hub, bob) == 1


def test_an_edit_tells_only_whom_it_names_anew_and_what_nobody_waits_for_tells_nobody(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo)
    key = says(hub, bob, repo, "See @ana")
    (before,) = listed(hub, ana)
    does(hub, ana, Act.READ, before.id)
    clock.advance(timedelta(minutes=1))
    with calling(hub, bob) as call:
        thread.edit(call, repo.repo_id, 1, key, "See @ana and @eve")
    with working_as(hub, bob) as work:
        thread.rename(work, repo.repo_id, 1, "Another title")
    with working_as(hub, ana) as work:
        thread.pin(work, repo.repo_id, 1, pinned=True)

    assert heard(hub, eve) == [("mention", "discussion.comment.update")]
    assert badge(hub, ana) == 0
    with calling(hub, bob) as call:
        thread.change_status(call, repo.repo_id, 1, "closed")
    assert heard(hub, ana) == [("yours", "discussion.status")]


def test_telling_twice_is_telling_once(hub: Hub, ana: Actor, bob: Actor, repo: Repo) -> None:
    opens(hub, bob, repo, "Hello @ana")
    with hub.database.reading() as db:
        fact_id = db.scalar(sa.select(facts.c.id).where(facts.c.name == "discussion.create"))
    (one,) = listed(hub, ana)
    does(hub, ana, Act.DONE, one.id)
    with calling(hub, SYSTEM) as call:
        TellPeople(int(fact_id or 0)).run(call)
        TellPeople(4711).run(call)

    assert (heard(hub, ana), badge(hub, ana)) == ([], 0)
    says(hub, bob, repo, "Are you there?")
    assert heard(hub, ana) == [("yours", "discussion.comment.create")]


def test_an_older_fact_that_comes_late_takes_nothing_back(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo)
    says(hub, bob, repo, "More.")
    with hub.database.reading() as db:
        ids = list(db.scalars(sa.select(facts.c.id).where(facts.c.name.startswith("discussion."))))
    with calling(hub, SYSTEM) as call:
        for fact_id in reversed(ids):
            TellPeople(fact_id).run(call)
    assert heard(hub, ana) == [("yours", "discussion.comment.create")]


def test_many_watchers_are_told_a_few_at_a_time(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchers = [person(hub, f"watcher-{number}") for number in range(7)]
    for watcher in watchers:
        watches(hub, watcher, repo)
    monkeypatch.setattr("strata.community.telling.audience.AT_ONCE", 2)
    sizes: list[int] = []
    tell = entries.tell

    def counted(work: Work, news: News, reason: Reason, people: Mapping[int, Wanted]) -> None:
        sizes.append(len(people))
        tell(work, news, reason, people)

    monkeypatch.setattr(entries, "tell", counted)
    opens(hub, bob, repo)
    assert all(badge(hub, watcher) == 1 for watcher in watchers)
    assert badge(hub, ana) == 1
    assert (max(sizes), sum(sizes)) == (2, 9)  # the owner watches too


def test_people_hear_as_they_chose(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    wants(hub, ana, Kind.WATCHED, web=False, mail=False)
    wants(hub, eve, Kind.MENTION, web=False, mail=True)
    opens(hub, bob, repo, "Hello @eve")

    assert (heard(hub, ana), heard(hub, eve), badge(hub, eve)) == ([], [], 0)
    now = Until(hub.clock(), hub.clock(), hub.clock())
    with working_as(hub, SYSTEM) as work:
        (one,) = mailing.waiting(work, now, 10)
        due = mailing.due(work, one.user_id, now)
    assert (one.user_id, one.since) == (eve.user_id, hub.clock())
    assert [(each.reason, each.place and each.place.repo_id) for each in due] == [
        ("mention", repo.repo_id)
    ]
    ids = [each.id for each in due]
    with working_as(hub, SYSTEM) as work:
        mailing.claim(work, ids)
        assert mailing.waiting(work, now, 10) == []
        assert mailing.due(work, one.user_id, now) == []


def test_a_muted_repo_is_silent_until_somebody_is_named(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    watches(hub, ana, repo, muted=True)
    opens(hub, bob, repo)
    says(hub, bob, repo, "Nobody?")
    assert heard(hub, ana) == []
    says(hub, bob, repo, "@ana?")
    assert heard(hub, ana) == [("mention", "discussion.comment.create")]


def test_a_muted_thread_is_silent_until_somebody_is_named(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo)
    (one,) = listed(hub, ana)
    assert does(hub, ana, Act.MUTE, one.id) == 1
    says(hub, bob, repo, "Are you there?")
    assert (heard(hub, ana), badge(hub, ana)) == ([], 0)
    with calling(hub, ana) as call:
        assert [muted.id for muted in reading.muted(call)] == [one.id]
    says(hub, bob, repo, "@ana?")
    assert heard(hub, ana) == [("mention", "discussion.comment.create")]
    does(hub, ana, Act.UNMUTE, one.id)
    with calling(hub, ana) as call:
        assert reading.muted(call) == []


def test_who_lost_access_sees_counts_and_gets_nothing_any_more(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, ana, repo, "Hello @bob")
    (one,) = listed(hub, bob)
    makes(hub, ana, repo, private=True)

    with calling(hub, bob) as call:
        assert badge_of.unread(call) == 0
        assert reading.listed(call, Filter(), Window(10)).rows == ()
        assert reading.counts(call, Filter()).all == 0
        assert reading.repos_in(call) == []
        with pytest.raises(NotFound):
            reading.preview(call, one.id)
    with working_as(hub, SYSTEM) as work:
        now = Until(work.now, work.now, work.now)
        assert mailing.due(work, bob.user_id or 0, now) == []
    with working_as(hub, bob) as work:
        assert acts.act_on_all(work, Act.DONE, Filter()) == 0
    says(hub, ana, repo, "@bob must not hear this")
    told(hub)
    with hub.database.reading() as db:
        mine = sa.select(notifications.c.event).where(notifications.c.user_id == bob.user_id)
        assert db.scalars(mine).all() == ["discussion.create"]

    makes(hub, ana, repo, private=False)
    assert badge(hub, bob) == 1


@pytest.mark.parametrize("how", ["deleted", "disabled", "no discussions", "thread deleted"])
def test_what_is_gone_is_gone_from_the_inbox(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo, how: str
) -> None:
    opens(hub, ana, repo, "Hello @bob")
    assert badge(hub, bob) == 1
    if how == "thread deleted":
        with working_as(hub, ana) as work:
            merging.delete_discussion(work, repo.repo_id, 1)
    elif how == "deleted":
        with working_as(hub, SYSTEM) as work:
            change.delete(work, repo.repo_id)
    else:
        column = "disabled" if how == "disabled" else "discussions_disabled"
        with hub.database.writing() as db:
            db.exec_driver_sql(f"UPDATE repos SET {column} = {_true(hub)}")
    assert (heard(hub, bob), badge(hub, bob)) == ([], 0)


def test_nobody_touches_the_notifications_of_somebody_else(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo, "Hello @ana")
    (one,) = listed(hub, ana)
    key = one.thread.key if one.thread else ""
    for act in Act:
        assert does(hub, eve, act, one.id) == 0
    with working_as(hub, eve) as work:
        assert acts.act_on_all(work, Act.DONE, Filter()) == 0
        assert acts.act_on_discussions(work, Act.DONE, [key]) == 0
    with calling(hub, eve) as call, pytest.raises(NotFound):
        reading.preview(call, one.id)
    with calling(hub, ANONYMOUS) as call, pytest.raises(Unauthenticated):
        reading.listed(call, Filter(), Window(10))
    assert badge(hub, ana) == 1
    with working_as(hub, ana) as work:
        assert acts.act_on_discussions(work, Act.READ, [key, "\0"]) == 1


def test_lists_are_narrowed_and_everything_that_matches_is_changed(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    other = created(hub, ana, "two", RepoType.DATASET)
    opens(hub, bob, repo, "Hello @ana", title="First question")
    clock.advance(timedelta(minutes=1))
    opens(hub, ana, other, title="My own question")
    says(hub, bob, other, "An answer.")
    clock.advance(timedelta(minutes=1))
    opens(hub, bob, other, title="Third question")

    def titles(wanted: Filter) -> list[str]:
        return [one.thread.title if one.thread else "" for one in listed(hub, ana, wanted)]

    everything = ["Third question", "My own question", "First question"]
    assert titles(Filter()) == everything
    assert titles(Filter(Show.PARTICIPATING)) == everything[1:]
    assert titles(Filter(Show.MENTIONS)) == everything[2:]
    assert titles(Filter(repo=other.repo_id)) == everything[:2]
    assert titles(Filter(repo=RepoId(RepoType.MODEL, "ana", "\0"))) == []
    assert titles(Filter(kind=RepoType.MODEL)) == everything[2:]
    with calling(hub, ana) as call:
        since = call.now - timedelta(minutes=1)
        assert reading.repos_in(call) == [repo.repo_id, other.repo_id]
        first = reading.listed(call, Filter(), Window(2))
        rest = reading.listed(call, Filter(), Window(2, first.last))
    assert titles(Filter(since=since)) == everything[:2]
    assert len({one.id for one in (*first.rows, *rest.rows)}) == 3
    with working_as(hub, ana) as work:
        assert acts.act_on_all(work, Act.READ, Filter(repo=other.repo_id)) == 2
    assert titles(Filter(Show.UNREAD)) == ["First question"]
    with calling(hub, ana) as call:
        counted = reading.counts(call, Filter(Show.UNREAD))
    assert (counted.view, counted.unread, counted.all) == (1, 1, 3)
    with working_as(hub, ana) as work:
        assert acts.act_on_all(work, Act.DONE, Filter()) == 3
        assert acts.act_on_all(work, Act.UNREAD, Filter()) == 0
    assert (titles(Filter()), badge(hub, ana)) == ([], 0)


def test_a_preview_shows_what_was_said_last_and_marks_nothing(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo, "Zero")
    keys = [says(hub, bob, repo, f"**{text}**") for text in ("one", "two", "three")]
    with working_as(hub, bob) as work:
        thread.hide(work, repo.repo_id, 1, keys[1])
    (one,) = listed(hub, ana)
    with calling(hub, ana) as call:
        shown = reading.preview(call, one.id)
    assert [event.key for event in shown.comments] == keys
    assert shown.earlier == 1
    assert shown.html is not None
    assert sorted(shown.html) == sorted([keys[0], keys[2]])
    assert "<strong>three</strong>" in shown.html[keys[2]]
    assert badge(hub, ana) == 1


def test_those_who_decide_hear_of_requests_and_who_asked_hears_the_decision(
    hub: Hub, ana: Actor, bob: Actor
) -> None:
    organization(hub, "ana")
    ana = cleared(hub, today(hub, ana))
    made = _in_organization(hub, ana)
    gated = gate(hub, ana, made, Settings(gated="manual"))
    asks(hub, bob, gated)
    assert heard(hub, ana) == [("managing", "gate.request")]
    assert listed(hub, ana)[0].path == "/acme/shared/settings/access-requests"

    decides(hub, ana, gated, Gate.REJECTED, "bob", "not now")
    assert heard(hub, bob) == [("concerned", "gate.reject")]
    decides(hub, ana, gated, Gate.ACCEPTED, "bob")
    assert heard(hub, bob) == [("concerned", "gate.accept")]
    decides(hub, ana, gated, Gate.RESET, "bob")
    assert heard(hub, bob) == [("concerned", "gate.reset")]
    gate_act(hub, ana, lambda work: decisions.grant(work, gated, "bob"))
    assert heard(hub, bob) == [("concerned", "gate.grant")]

    # Who no longer decides no longer reads who asks, though everybody may see the repo.
    joins(hub, "bob", Role.ADMIN)
    joins(hub, "ana", Role.READ)
    ana = today(hub, ana)
    assert ("managing", "gate.request") not in heard(hub, ana)
    assert badge(hub, ana) == 1  # that the role is another one
    assert len(heard(hub, bob)) == 2


def test_a_gate_that_lets_everybody_in_asks_nobody(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    gated = gate(hub, ana, repo, Settings(gated="auto"))
    asks(hub, bob, gated)
    assert heard(hub, ana) == []


def test_invitations_requests_to_join_and_roles(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor
) -> None:
    acme = organization(hub, "ana")
    ana = cleared(hub, today(hub, ana))
    with working_as(hub, ana) as work:
        sending.invite(work, acme, ["bob", "stranger@example.org"], Role.READ)
        sending.make_link(work, acme, Role.READ, days=1, uses=1)
    (invited,) = listed(hub, bob)
    assert (invited.event, invited.namespace, invited.detail) == (
        "org.invite_user",
        "acme",
        {"role": "read"},
    )
    assert invited.path == "/settings/organizations"
    assert heard(hub, ana) == []

    with working_as(hub, bob) as work:
        user = people.by_id(work, bob.user_id or 0)
        assert user is not None
        (held,) = invites.of_person(work, user.id)
        answering.decline(work, held, user)
    assert heard(hub, ana) == [("managing", "org.invite.decline")]
    assert listed(hub, ana)[0].actor == "bob"

    with working_as(hub, ana) as work:
        sending.invite(work, acme, ["bob@example.org"], Role.READ)
    with working_as(hub, bob) as work:
        confirmed.claim(work, user.id, email="bob@example.org", key="bob@example.org")
        (held,) = invites.of_person(work, user.id)
        answering.decline(work, held, user)
    assert heard(hub, ana) == [("managing", "org.invite.decline")]
    newest = listed(hub, ana)[0]
    assert (newest.actor, newest.namespace) == (None, "acme")  # whose address it is, nobody says

    with working_as(hub, ana) as work:
        asking.change(work, acme, Rules(anybody=True, domain="", at_once=False))
    with working_as(hub, eve) as work:
        asker = people.by_id(work, eve.user_id or 0)
        assert asker is not None
        asking.ask(work, acme, asker, "Please")
    assert heard(hub, ana) == [("managing", "org.join.request")]
    with working_as(hub, ana) as work:
        asking.admit(work, acme, asker)
    assert heard(hub, eve) == [("concerned", "org.add_user")]
    joins(hub, "eve", Role.WRITE, by=ana)
    assert heard(hub, eve) == [("concerned", "org.change_role")]
    leaves(hub, "eve", by=ana)
    assert heard(hub, eve) == [("concerned", "org.remove_user")]


def test_transfers_quotas_and_what_happens_to_an_account(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    organization(hub, "bob")
    joins(hub, "ana", Role.ADMIN)
    ana = today(hub, ana)
    told(hub)
    with working_as(hub, SYSTEM) as work:
        moved = change.move(work, repo.repo_id, RepoId(RepoType.MODEL, "acme", "one"))
        renamed = change.move(work, moved.repo_id, RepoId(RepoType.MODEL, "acme", "two"))
        whose = Whose(moved.owner_id, moved.owner_id)
        record(work, "quota.exceeded", target="acme", repo_id=moved.id, whose=whose)
        near = {"percent": 95, "private": True}
        mine = Whose(bob.user_id, bob.user_id)
        record(work, "quota.reached", target="bob", detail=near, whose=mine)
        hook = {"webhook": "abc", "triggers": 3}
        record(work, "quota.exceeded", target="abc", detail=hook, whose=mine)
        for name in ("account.new_device", "account.password_change", "account.logout"):
            record(work, name, target="bob", actor_id=bob.user_id)
        record(work, "account.lockout", detail={"people": 3})
    ours = {("managing", "repo.move"), ("managing", "quota.exceeded")}
    assert ours <= set(heard(hub, today(hub, bob)))
    assert ours <= set(heard(hub, ana))
    by_event = {one.event: one for one in listed(hub, today(hub, bob))}
    assert by_event["repo.move"].path == renamed.web_path
    assert by_event["quota.exceeded"].path == "/settings/billing?owner=acme"
    reached = by_event["quota.reached"]
    assert reached.path == "/settings/billing?owner=bob"
    assert title_of("en", reached) == "bob has used 95% of its private storage."
    assert by_event["quota.triggers"].path == "/settings/webhooks/abc"
    assert "24" in title_of("zh-CN", by_event["quota.triggers"])
    assert not {"quota.reached", "quota.triggers"} & {one.event for one in listed(hub, ana)}
    assert by_event["account.new_device"].path == "/settings/security-log"
    assert {"account.password_change", "account.logout"}.isdisjoint(by_event)


def test_a_narrowed_token_reads_only_of_repos_that_it_opens(
    hub: Hub, ana: Actor, bob: Actor
) -> None:
    hidden = created(hub, ana, "hidden", private=True)
    opened = created(hub, ana, "open")
    with working_as(hub, SYSTEM) as work:
        record(work, "account.new_device", target="ana", actor_id=ana.user_id)
        for repo in (hidden, opened):
            fact = {"from": "bob/x", "from_owner": bob.user_id}
            record_of(work, "repo.move", repo, fact)
    told(hub)
    assert len(heard(hub, ana)) == 3
    keeper = _narrowed(hub, ana, "user.settings.write")
    assert [one.place and one.place.repo_id.name for one in listed(hub, keeper)] == ["open"]
    # Whose inbox it is tells of more than repos: no token reads it that does not name it.
    other = _narrowed(hub, ana, "repo.write", "discussion.write")
    with pytest.raises(TokenTooNarrow):
        listed(hub, other)
    assert badge(hub, other) == 0 < badge(hub, keeper)
    with working_as(hub, other) as work, pytest.raises(Forbidden):
        acts.act_on_all(work, Act.DONE, Filter())


def test_closed_accounts_hear_nothing(hub: Hub, ana: Actor, bob: Actor, repo: Repo) -> None:
    with hub.database.writing() as db:
        bobs = sa.update(users).where(users.c.id == bob.user_id)
        db.execute(bobs.values(standing="suspended"))
    opens(hub, ana, repo, "Hello @bob")
    assert heard(hub, bob) == []


def test_they_are_exported_with_their_person_and_go_with_them(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    hub = replace(hub, personal=PERSONAL)
    opens(hub, ana, repo, "Hello @bob")
    says(hub, bob, repo, "Hello @ana")
    told(hub)
    with working_as(hub, SYSTEM) as work:
        (part,) = [part for one in PERSONAL for part in one.parts if part.name == "notifications"]
        (shown,) = part.read(work, bob.user_id)
        assert (shown["reason"], shown["event"], shown["unread"]) == (
            "mention",
            "discussion.create",
            True,
        )
        user = people.by_id(work, bob.user_id or 0)
        assert user is not None
        gone.delete(work, user)
        assert list(part.read(work, bob.user_id)) == []
    (left,) = listed(hub, ana)
    assert left.actor is None


def test_old_notifications_are_forgotten(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    for title in ("Read early", "Muted", "Unread"):
        opens(hub, bob, repo, title=title)
        clock.advance(timedelta(seconds=1))
    unread, muted, read = listed(hub, ana)
    does(hub, ana, Act.READ, read.id)
    does(hub, ana, Act.MUTE, muted.id)
    clock.advance(timedelta(days=89))
    tidied(hub)
    assert len(heard(hub, ana)) == 2
    clock.advance(timedelta(days=2))
    tidied(hub)
    assert [one.id for one in listed(hub, ana)] == [unread.id]
    clock.advance(timedelta(days=365))
    tidied(hub)
    assert heard(hub, ana) == []
    with calling(hub, ana) as call:
        assert [one.id for one in reading.muted(call)] == [muted.id]
    with hub.database.reading() as db:
        again = sa.select(jobs.c.due).where(jobs.c.kind == "inbox.tidy")
        assert db.scalar(again) == hub.clock() + timedelta(hours=6)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_badge_and_the_list_are_read_by_their_indexes(hub: Hub, ana: Actor) -> None:
    statements: list[str] = []
    with calling(hub, ana) as call:
        driver = call.db.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(statements.append)
        badge_of.unread(call)
        reading.listed(call, Filter(), Window(25))
        driver.set_trace_callback(None)
        statements = [one for one in statements if one.startswith("SELECT")]
        plans = [planned(call, sql) for sql in statements]
    assert len(plans) == 2
    assert "ix_notifications_unread" in plans[0]
    assert "ix_notifications_listed" in plans[1]
    assert not any("SCAN notifications" in plan or "SCAN repos" in plan for plan in plans)


def cleared(hub: Hub, actor: Actor) -> Actor:
    """Be done with everything so far."""
    told(hub)
    with working_as(hub, actor) as work:
        acts.act_on_all(work, Act.DONE, Filter())
    return actor


def planned(call: Call, sql: str) -> str:
    """Say how SQLite goes about a statement."""
    rows = call.db.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {sql}")  # type: ignore[union-attr]  # open
    return " ".join(str(row[-1]) for row in rows)


def _true(hub: Hub) -> str:
    return "1" if hub.database.sqlite else "true"


def _in_organization(hub: Hub, actor: Actor) -> Repo:
    wish = Wish(type=RepoType.MODEL, namespace="acme", name="shared")
    with calling(hub, actor) as call:
        return new_repo.create(call, wish, files={})


def _narrowed(hub: Hub, actor: Actor, *names: str) -> Actor:
    grants = Grants(namespaces={actor.user_id or 0: frozenset(names)})
    facts_of = TokenFacts(1, "narrow", TokenRole.FINE_GRAINED, hub.clock(), grants=grants)
    return Actor(user_id=actor.user_id, name=actor.name, verified=True, token=facts_of)
