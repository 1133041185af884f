"""Who is mailed about discussions, when, and about what not; on both databases."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import inbox
from fixtures.contents import created
from fixtures.gated import asks, decides, gate
from fixtures.hubs import FrozenClock
from fixtures.inboxes import does, heard, listed, opens, says, telling_hub, told
from fixtures.large_files import calling, person, working_as
from fixtures.plans import plans
from strata.access.gates import gathering, notices, queries
from strata.access.gates.record import Standing
from strata.accounts import people
from strata.accounts.notices import heeding, unsubscribing
from strata.accounts.notices.choices import Kind, Wanted, choose
from strata.accounts.notices.times import Digest, Quiet, Times, choose_times
from strata.accounts.notices.unsubscribing import Ticket
from strata.accounts.profile.preferences import choose_timezone
from strata.accounts.tables import users
from strata.app.hub import PERSONAL
from strata.community.inbox.acts import Act
from strata.community.inbox.record import Until
from strata.community.mailing.jobs import MailNews, write
from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.mails.tables import mails
from strata.events.outbox import Kept
from strata.membership.closing import gone
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.record import Repo
from strata.repos.requests.digest import TellOfRequests

SETTLED = timedelta(seconds=60)
BASE = "https://hub.example.org"
NO_MAIL = Wanted(web=True, mail=False)
MAIL = Wanted(web=True, mail=True)


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = telling_hub(tmp_path / "data", clock, database_url=database_url, public_url=BASE)
    yield built
    built.database.close()


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    """Give a repo of ana's, whose owner is mailed about nothing."""
    chooses(hub, ana, dict.fromkeys(Kind, NO_MAIL))
    return created(hub, ana, "one")


def chooses(hub: Hub, who: Actor, choices: dict[Kind, Wanted]) -> None:
    with working_as(hub, who) as work:
        choose(work, who.user_id or 0, choices)


def at_times(hub: Hub, who: Actor, times: Times, zone: str = "") -> None:
    with working_as(hub, who) as work:
        choose_times(work, who.user_id or 0, times)
        choose_timezone(work, who.user_id or 0, zone)


def watches(hub: Hub, who: Actor, repo: Repo, *, muted: bool = False) -> None:
    with working_as(hub, who) as work:
        heeding.heed(work, who.user_id or 0, repo.id, muted=muted)


def later(hub: Hub, clock: FrozenClock, step: timedelta = SETTLED) -> None:
    """Tell people what happened, let time pass, and write the mails that are due."""
    told(hub)
    clock.advance(step)
    with calling(hub, SYSTEM) as call:
        MailNews().run(call)


def got(hub: Hub, name: str = "bob") -> list[Kept]:
    """The mails about discussions to somebody, oldest first."""
    return [kept for kept in inbox(hub, f"{name}@example.com") if "one" in kept.text]


def test_who_is_named_gets_one_mail_that_leads_there_and_says_how_to_stop(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, ana, repo, "What do you think, @bob?", title="The <b>licence</b>")
    later(hub, clock, timedelta(seconds=59))
    assert got(hub) == []  # there may be more to come
    later(hub, clock, timedelta(seconds=1))
    later(hub, clock)
    (mail,) = got(hub)
    assert mail.subject == "[ana/one] The <b>licence</b> (#1)"
    assert "ana mentioned you in the discussion “The <b>licence</b>” (#1) in ana/one." in mail.text
    assert f"{BASE}/ana/one/discussions/1#" in mail.text
    assert "<b>" not in mail.html
    with hub.database.reading() as db:
        headers = db.execute(sa.select(mails.c.headers).where(mails.c.id == mail.id)).scalar_one()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert link in mail.text
    assert link in mail.html
    with calling(hub, SYSTEM) as call:
        ticket = unsubscribing.read(call, link.rpartition("/")[2])
    assert ticket == Ticket(bob.user_id or 0, (Kind.MENTION,))
    assert got(hub, "ana") == []


def test_what_happens_in_a_thread_in_short_order_comes_in_one_mail(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo, "Why?")
    for word in ("Because", "of", "that"):
        says(hub, ana, repo, word)
        later(hub, clock, timedelta(seconds=30))
    assert got(hub) == []
    later(hub, clock)
    (mail,) = got(hub)
    assert "ana commented on the discussion “A question” (#1) in ana/one." in mail.text
    says(hub, ana, repo, "And another thing")
    later(hub, clock)
    assert len(got(hub)) == 2


@pytest.mark.slow
def test_a_thread_that_never_rests_is_mailed_about_all_the_same(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, bob, repo, "Why?")
    opens(hub, bob, repo, "And here?", title="Another one")
    for number in range(28):  # every half minute, for a quarter of an hour
        says(hub, ana, repo, f"Because of {number}")
        later(hub, clock, timedelta(seconds=30))
        assert got(hub) == [], number
    for number in range(28, 60):
        says(hub, ana, repo, f"Because of {number}")
        later(hub, clock, timedelta(seconds=30))
    assert len(got(hub)) == 2  # a mail a quarter of an hour
    says(hub, ana, repo, "The other one rests", 2)
    later(hub, clock)
    assert len(got(hub)) == 3  # the other one


@pytest.mark.slow
def test_a_digest_takes_along_what_goes_on_and_on(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    at_times(hub, bob, Times(Digest.DAILY))
    opens(hub, bob, repo, "Why?")
    for _ in range(3 * 24):  # three days, from nine o'clock on
        says(hub, ana, repo, "Because")
        later(hub, clock, timedelta(hours=1))
    assert len(got(hub)) == 3


def test_who_stops_mails_keeps_the_inbox(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opens(hub, ana, repo, "Hello @bob")
    told(hub)
    with working_as(hub, SYSTEM) as work:  # while the mail waits
        unsubscribing.stop(work, Ticket(bob.user_id or 0, (Kind.MENTION,)))
    later(hub, clock)
    says(hub, ana, repo, "And again @bob")
    later(hub, clock)
    assert got(hub) == []
    assert heard(hub, bob) == [("mention", "discussion.comment.create")]
    chooses(hub, bob, {Kind.MENTION: MAIL})
    later(hub, clock)
    assert got(hub) == []  # what they did not want then they do not want now


def test_who_wants_no_mails_about_mentions_gets_those_about_what_they_take_part_in(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    chooses(hub, bob, {Kind.MENTION: NO_MAIL})
    opens(hub, bob, repo)
    says(hub, ana, repo, "@bob, look")
    says(hub, ana, repo, "And look here")
    later(hub, clock)
    (mail,) = got(hub)
    assert "you take part in it" in mail.text
    opens(hub, ana, repo, "@bob?", title="Another one")
    later(hub, clock)
    assert len(got(hub)) == 1


def test_a_watcher_gets_a_digest_at_eight_where_they_live(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    watches(hub, bob, repo)
    opens(hub, ana, repo)
    later(hub, clock)
    assert got(hub) == []  # what comes in numbers is mailed to who asks for it
    chooses(hub, bob, {Kind.WATCHED: MAIL})
    at_times(hub, bob, Times(Digest.DAILY), "Asia/Shanghai")
    for title in ("First", "Second"):
        opens(hub, ana, repo, title=title)
    later(hub, clock, timedelta(hours=14, minutes=58))
    assert got(hub) == []  # 07:59 there
    later(hub, clock)
    opens(hub, ana, repo, title="Third")
    later(hub, clock)
    later(hub, clock)
    (mail,) = got(hub)
    assert mail.subject == "News in 2 discussions on Strata"
    for number in (2, 3):
        assert f"{BASE}/ana/one/discussions/{number}" in mail.text
    assert "discussions/4" not in mail.text
    later(hub, clock, timedelta(days=1))
    assert "“Third”" in got(hub)[1].text
    later(hub, clock, timedelta(days=3))
    assert len(got(hub)) == 2  # nothing new: no mail


def test_a_weekly_digest_comes_on_mondays(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    at_times(hub, bob, Times(Digest.WEEKLY))
    opens(hub, ana, repo, "@bob!")  # on a Monday at nine
    for _ in range(6):
        later(hub, clock, timedelta(days=1))
        assert got(hub) == []
    later(hub, clock, timedelta(hours=23))
    assert len(got(hub)) == 1


def test_quiet_hours_hold_mails_back_and_lose_none(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    at_times(hub, bob, Times(quiet=Quiet(17 * 60, 19 * 60)), "Asia/Shanghai")  # from now on
    opens(hub, ana, repo, "@bob!")
    later(hub, clock, timedelta(minutes=119))
    assert got(hub) == []
    later(hub, clock)
    assert len(got(hub)) == 1
    # A digest whose hour is quiet comes when they end, with what came until then.
    at_times(hub, bob, Times(Digest.DAILY, Quiet(60, 9 * 60)), "Asia/Shanghai")
    clock.advance(timedelta(hours=13, minutes=30))  # half past eight there
    says(hub, ana, repo, "@bob?")
    later(hub, clock)
    assert len(got(hub)) == 1
    later(hub, clock, timedelta(minutes=30))
    assert len(got(hub)) == 2


@pytest.mark.usefixtures("bob")
def test_nothing_is_mailed_about_what_a_person_may_not_read_any_more(
    hub: Hub, clock: FrozenClock, ana: Actor, repo: Repo
) -> None:
    opens(hub, ana, repo, "@bob, the secret plan", title="The secret plan")
    told(hub)
    with working_as(hub, ana) as work:
        change.change_settings(work, repo.repo_id, Settings(private=True))
    later(hub, clock)
    assert inbox(hub, "bob@example.com") == []
    with working_as(hub, ana) as work:
        change.change_settings(work, repo.repo_id, Settings(private=False))
    later(hub, clock)
    assert inbox(hub, "bob@example.com") == []  # nor later, of what is no news by then


@pytest.mark.parametrize("how", ["muted thread", "muted repo", "read", "suspended"])
def test_what_is_settled_meanwhile_is_not_mailed(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo, how: str
) -> None:
    opens(hub, bob, repo)
    says(hub, ana, repo, "So?")
    (one,) = listed(hub, bob)
    if how == "muted repo":
        watches(hub, bob, repo, muted=True)
    elif how == "suspended":
        with hub.database.writing() as db:
            db.execute(sa.update(users).where(users.c.id == bob.user_id).values(standing=how))
    else:
        does(hub, bob, Act.READ if how == "read" else Act.MUTE, one.id)
    later(hub, clock)
    assert got(hub) == []


def test_many_threads_at_once_come_in_one_mail(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    with hub.database.writing() as db:
        db.execute(sa.update(users).where(users.c.id == bob.user_id).values(language="zh-CN"))
    for number in range(6):
        opens(hub, ana, repo, "@bob", title=f"Number {number}\u202e")
    later(hub, clock)
    (mail,) = got(hub)
    assert mail.subject == "Strata 上有 6 个讨论有新动态"
    assert "ana 在 ana/one 的讨论“Number 5”（#6）中提及了您" in mail.text
    assert "\u202e" not in mail.text


def test_choices_are_exported_with_their_person_and_go_with_them(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    hub = replace(hub, personal=PERSONAL)
    chooses(hub, bob, {Kind.MENTION: NO_MAIL})
    at_times(hub, bob, Times(Digest.DAILY, Quiet(60, 120)), "Asia/Shanghai")
    watches(hub, bob, repo, muted=True)
    with working_as(hub, bob) as work:
        heeding.watch_account(work, bob.user_id or 0, ana.user_id or 0)
        heeding.watch_account(work, ana.user_id or 0, bob.user_id or 0)
    parts = {part.name: part for one in PERSONAL for part in one.parts}
    named = (
        "notification-choices",
        "notification-times",
        "watched-accounts",
        "watched-and-muted-repositories",
        "preferences",
    )
    with working_as(hub, SYSTEM) as work:
        shown = [dict(next(iter(parts[name].read(work, bob.user_id)))) for name in named]
        assert shown[0] == {"kind": "mention", "web": True, "mail": False}
        assert shown[1] == {"digest": "daily", "quiet_from": 60, "quiet_until": 120}
        assert shown[2]["name"] == "ana"
        assert (shown[3]["repo"], shown[3]["muted"]) == ("ana/one", True)
        assert shown[4]["timezone"] == "Asia/Shanghai"
        user = people.by_id(work, bob.user_id or 0)
        assert user is not None
        gone.delete(work, user)
        left = [list(parts[name].read(work, bob.user_id)) for name in named]
        assert left == [[], [], [], [], []]
        assert list(parts["watched-accounts"].read(work, ana.user_id)) == []


def test_a_crash_loses_no_mail_and_sends_none_twice(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    class Crash(Exception):
        pass

    opens(hub, ana, repo, "@bob")
    told(hub)
    clock.advance(SETTLED)

    def crashes() -> None:
        with working_as(hub, SYSTEM) as work:
            write(work, bob.user_id or 0, Until(work.now, work.now, work.now))
            written.append(len(outbox.outbox(work)))
            raise Crash  # before anything is committed

    written: list[int] = []
    with pytest.raises(Crash):
        crashes()
    assert written == [1]
    assert got(hub) == []
    later(hub, clock)
    later(hub, clock)
    assert len(got(hub)) == 1


@pytest.mark.usefixtures("bob")
def test_two_processes_write_one_mail(hub: Hub, clock: FrozenClock, ana: Actor, repo: Repo) -> None:
    opens(hub, ana, repo, "@bob")
    told(hub)
    clock.advance(SETTLED)

    def runs(_: int) -> None:
        with calling(hub, SYSTEM) as call:
            MailNews().run(call)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(runs, range(4)))
    assert len(got(hub)) == 1


def gated(hub: Hub, ana: Actor, repo: Repo, **settings: object) -> Repo:
    """Have a repo's owner decide about requests, and hear of them by mail."""
    chooses(hub, ana, {Kind.GATE_REQUEST: MAIL})
    return gate(hub, ana, repo, Settings(gated="manual", **settings))  # type: ignore[arg-type]  # of the settings


def mails_to(hub: Hub, name: str = "ana") -> list[str]:
    return [kept.subject for kept in inbox(hub, f"{name}@example.com") if kept.text]


def test_a_digest_tells_of_requests_and_discussions_together_and_each_once(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opened = gated(hub, ana, repo)
    chooses(hub, ana, {Kind.WATCHED: MAIL})
    at_times(hub, ana, Times(Digest.DAILY))  # it is nine in the morning
    for who in (bob, person(hub, "cem")):
        asks(hub, who, opened)
    opens(hub, bob, repo, "And what of this?")
    later(hub, clock, timedelta(hours=22, minutes=59))
    assert mails_to(hub) == []
    later(hub, clock, timedelta(minutes=1, seconds=1))
    (mail,) = inbox(hub, "ana@example.com")[-1:]
    assert mail.subject == "News in 1 discussion and 2 access requests on Strata"
    assert "2 new requests wait for access to the gated model ana/one" in mail.text
    assert f"{BASE}/ana/one/settings/access-requests" in mail.text
    assert f"{BASE}/ana/one/discussions/1" in mail.text
    assert stopped_by(hub, mail) == {Kind.GATE_REQUEST, Kind.WATCHED}
    for _ in range(2):
        later(hub, clock, timedelta(days=1))
    with calling(hub, SYSTEM) as call:  # nor does the digest of the repo tell of them
        TellOfRequests().run(call)
    assert len(mails_to(hub)) == 1
    asks(hub, person(hub, "dee"), opened)
    later(hub, clock, timedelta(days=1))
    assert mails_to(hub)[1:] == ["1 access request waits for you on Strata"]


def stopped_by(hub: Hub, mail: Kept) -> set[Kind]:
    """What the link of a mail stops."""
    with hub.database.reading() as db:
        headers = db.execute(sa.select(mails.c.headers).where(mails.c.id == mail.id)).scalar_one()
    with calling(hub, SYSTEM) as call:
        link = headers["List-Unsubscribe"].strip("<>")
        ticket = unsubscribing.read(call, link.rpartition("/")[2])
    assert ticket is not None
    return set(ticket.kinds)


def test_a_digest_of_requests_speaks_the_language_of_its_reader(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    with working_as(hub, ana) as work:
        mine = users.c.id == ana.user_id
        work.db.execute(sa.update(users).where(mine).values(language="zh-CN"))
    at_times(hub, ana, Times(Digest.WEEKLY))  # it is Monday
    asks(hub, bob, gated(hub, ana, repo))
    later(hub, clock, timedelta(days=6))
    assert mails_to(hub) == []
    later(hub, clock, timedelta(days=1))
    (mail,) = inbox(hub, "ana@example.com")[-1:]
    assert mail.subject == "Strata 上有 1 个访问申请等待您处理"
    assert "受限模型 ana/one 有 1 个新的访问申请等待处理" in mail.text


def test_what_one_chooses_between_a_request_and_its_mail_loses_and_repeats_nothing(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opened = gated(hub, ana, repo)
    asks(hub, bob, opened)
    assert mails_to(hub) == ["bob asks for access to ana/one"]  # nothing was chosen: at once
    at_times(hub, ana, Times(Digest.DAILY))
    later(hub, clock, timedelta(days=2))
    assert len(mails_to(hub)) == 1
    asks(hub, person(hub, "cem"), opened)
    at_times(hub, ana, Times(Digest.OFF))
    later(hub, clock)  # what waited for the digest comes now
    later(hub, clock, timedelta(days=2))
    assert mails_to(hub)[1:] == ["1 access request waits for you on Strata"]


def test_a_digest_of_a_repo_leaves_its_requests_to_the_digests_of_people(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opened = gated(hub, ana, repo)
    at_times(hub, ana, Times(Digest.WEEKLY))
    with working_as(hub, ana) as work:
        notices.change(work, opened, mode="bulk")
    asks(hub, bob, opened)
    for _ in range(6):
        clock.advance(timedelta(days=1))
        with calling(hub, SYSTEM) as call:
            TellOfRequests().run(call)
        later(hub, clock, timedelta(0))
    assert mails_to(hub) == []
    later(hub, clock, timedelta(days=1))
    assert mails_to(hub) == ["1 access request waits for you on Strata"]


def test_a_digest_says_nothing_of_requests_that_need_its_reader_no_more(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    opened = gated(hub, ana, repo)
    at_times(hub, ana, Times(Digest.DAILY))
    asks(hub, bob, opened)
    decides(hub, ana, opened, Standing.ACCEPTED, "bob")
    later(hub, clock, timedelta(days=1))
    asks(hub, person(hub, "cem"), opened)
    chooses(hub, ana, {Kind.GATE_REQUEST: NO_MAIL})
    later(hub, clock, timedelta(days=1))
    chooses(hub, ana, {Kind.GATE_REQUEST: MAIL})
    later(hub, clock, timedelta(days=1))
    assert mails_to(hub) == []


def test_a_digest_that_dies_half_way_loses_no_request(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo
) -> None:
    class Crash(Exception):
        pass

    at_times(hub, ana, Times(Digest.DAILY))
    asks(hub, bob, gated(hub, ana, repo))
    clock.advance(timedelta(days=1))

    def crashes() -> None:
        with working_as(hub, SYSTEM) as work:
            write(work, ana.user_id or 0, Until(work.now, work.now, work.now))
            written.append(len(outbox.outbox(work)))
            raise Crash  # before anything is committed

    written: list[int] = []
    with pytest.raises(Crash):
        crashes()
    assert written == [1]
    assert mails_to(hub) == []

    def runs(_: int) -> None:
        with calling(hub, SYSTEM) as call:
            MailNews().run(call)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(runs, range(4)))
    assert mails_to(hub) == ["1 access request waits for you on Strata"]


@pytest.mark.parametrize("table", ["gathered_requests", "access_requests"])
def test_what_is_looked_for_again_and_again_is_found_by_indexes(hub: Hub, table: str) -> None:
    with calling(hub, SYSTEM) as call, plans(call) as found:
        gathering.waiting(call, call.now, 200, after=0)
        gathering.number_waiting(call, 1, call.now)
        queries.first_untold(call, 1)
    mine = [plan for plan in found if table in plan]
    assert mine
    for plan in mine:
        assert f"SCAN {table}" not in plan, plan
        assert f"Seq Scan on {table}" not in plan, plan
