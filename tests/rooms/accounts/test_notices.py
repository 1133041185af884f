"""What people want to hear of, what they watch and mute, and the hours of their mails."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fixtures.accounts import calling, made, person
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from strata.access import audit
from strata.accounts.notices import heeding, unsubscribing
from strata.accounts.notices.choices import (
    DEFAULTS,
    Kind,
    Wanted,
    ask_for_mails,
    choices_of,
    choose,
    muted,
    wanted,
    wants_mail,
)
from strata.accounts.notices.times import (
    Digest,
    Quiet,
    Times,
    choose_times,
    held_for,
    last_digest,
    times_of,
)
from strata.accounts.notices.unsubscribing import Ticket
from strata.accounts.profile.preferences import (
    Preferences,
    choose_timezone,
    prefer,
    preferences_of,
    zone_of,
)
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import Malformed
from strata.core.hub import Hub
from strata.lib.db.seek import Window

NOTHING = Wanted(web=False, mail=False)
SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def chosen(hub: Hub, who: Actor, choices: dict[Kind, Wanted]) -> None:
    with calling(hub, who) as call, working(call) as work:
        choose(work, who.user_id or 0, choices)


def timed(hub: Hub, who: Actor, times: Times, zone: str = "") -> None:
    with calling(hub, who) as call, working(call) as work:
        choose_times(work, who.user_id or 0, times)
        choose_timezone(work, who.user_id or 0, zone)


def test_each_hears_as_they_chose_and_others_as_usual(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    chosen(hub, ana, {Kind.MENTION: Wanted(web=True, mail=False), Kind.WATCHED: NOTHING})
    chosen(hub, ana, {Kind.WATCHED: Wanted(web=False, mail=True)})
    ids = [ana.user_id or 0, bob.user_id or 0]
    with calling(hub) as call:
        assert wanted(call, Kind.MENTION, ids) == {
            ids[0]: Wanted(web=True, mail=False),
            ids[1]: Wanted(web=True, mail=True),
        }
        assert wanted(call, Kind.WATCHED, ids)[ids[0]] == Wanted(web=False, mail=True)
        assert wanted(call, Kind.WATCHED, []) == {}
        assert not wants_mail(call, Kind.ANNOUNCEMENT, ids[1])
        assert choices_of(call, ids[1]) == DEFAULTS
        assert choices_of(call, ids[0])[Kind.MENTION] == Wanted(web=True, mail=False)


def test_nobody_switches_off_what_keeps_an_account_safe(hub: Hub) -> None:
    ana = made(hub, "ana")
    chosen(hub, ana, dict.fromkeys(Kind, NOTHING))
    with calling(hub) as call:
        loud = [kind for kind, how in choices_of(call, ana.user_id or 0).items() if how != NOTHING]
        assert loud == [Kind.SECURITY]
        assert wants_mail(call, Kind.SECURITY, ana.user_id or 0)


def test_who_asks_for_mails_gets_them(hub: Hub) -> None:
    ana = made(hub, "ana")
    with calling(hub, ana) as call, working(call) as work:
        ask_for_mails(work, ana.user_id or 0)
    with calling(hub) as call:
        assert all(how.mail for how in choices_of(call, ana.user_id or 0).values())


def test_watching_and_muting_end_each_other(hub: Hub) -> None:
    ana, bob, cem = (made(hub, name) for name in ("ana", "bob", "cem"))
    repo = created(hub, ana, "one")
    everybody = [one.user_id or 0 for one in (ana, bob, cem)]
    with calling(hub, bob) as call, working(call) as work:
        assert heeding.watchers(work, repo) == {everybody[0]}  # it is hers
        heeding.heed(work, everybody[1], repo.id, muted=False)
        heeding.watch_account(work, everybody[2], everybody[0])
        assert heeding.watchers(work, repo) == set(everybody)
        heeding.heed(work, everybody[0], repo.id, muted=True)
        heeding.heed(work, everybody[2], repo.id, muted=True)
        assert heeding.watchers(work, repo) == {everybody[1]}
        assert muted(work, repo.id, everybody) == {everybody[0], everybody[2]}
        assert muted(work, repo.id, everybody[:1]) == {everybody[0]}
        heeding.ignore(work, everybody[2], repo.id)
        assert heeding.watchers(work, repo) == {everybody[1], everybody[2]}
        assert [heeding.watches(work, one, repo.id) for one in everybody] == [False, True, None]
        heeding.ignore_account(work, everybody[2], everybody[0])
        assert not heeding.watches_account(work, everybody[2], everybody[0])


def test_quiet_hours_hold_mails_until_they_end(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    timed(hub, ana, Times(quiet=Quiet(22 * 60, 7 * 60 + 30)), "Asia/Shanghai")
    with calling(hub) as call:
        assert held_for(call, ana.user_id or 0) == timedelta(0)  # 17:00 there
        clock.advance(timedelta(hours=4, minutes=59))
        assert held_for(call, ana.user_id or 0) == timedelta(0)
        clock.advance(timedelta(minutes=1))
        assert held_for(call, ana.user_id or 0) == timedelta(hours=9, minutes=30)
        clock.advance(timedelta(hours=9, minutes=29))
        assert held_for(call, ana.user_id or 0) == timedelta(minutes=1)
        clock.advance(timedelta(minutes=1))
        assert held_for(call, ana.user_id or 0) == timedelta(0)
        assert zone_of(call, person(hub, "ana").id) == SHANGHAI


def test_hours_that_are_none_are_refused(hub: Hub) -> None:
    ana = made(hub, "ana")
    for odd in (Quiet(0, 0), Quiet(-1, 5), Quiet(5, 24 * 60)):
        with pytest.raises(Malformed):
            timed(hub, ana, Times(quiet=odd))
    for nowhere in ("Mars/Olympus", "../../etc/passwd", "Etc/GMT+3"):
        with pytest.raises(Malformed):
            timed(hub, ana, Times(), nowhere)
    with calling(hub) as call:
        assert times_of(call, ana.user_id or 0) == Times()
        assert preferences_of(call, ana.user_id or 0).timezone == ""


@pytest.mark.parametrize(
    ("digest", "now", "zone", "expected"),
    [
        (Digest.DAILY, "2026-11-23T00:00", SHANGHAI, "2026-11-23T00:00"),  # 08:00 there
        (Digest.DAILY, "2026-11-22T23:59", SHANGHAI, "2026-11-22T00:00"),
        (Digest.WEEKLY, "2026-11-25T12:00", SHANGHAI, "2026-11-23T00:00"),  # Monday
        (Digest.WEEKLY, "2026-11-22T23:59", SHANGHAI, "2026-11-16T00:00"),
        (Digest.DAILY, "2026-10-25T08:00", BERLIN, "2026-10-25T07:00"),  # clocks went back
        (Digest.DAILY, "2026-10-25T06:30", BERLIN, "2026-10-24T06:00"),
    ],
)
def test_a_digest_holds_what_came_before_its_hour(
    digest: Digest, now: str, zone: ZoneInfo, expected: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert last_digest(digest, moment, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_log_tells_what_was_chosen_and_by_which_hand(hub: Hub) -> None:
    """Also of who stops mails by the link in one of them; not of what stays as it was."""
    ana = made(hub, "ana")
    user_id = ana.user_id or 0
    for _ in range(2):  # the second time nothing changes
        chosen(hub, ana, {Kind.MENTION: NOTHING})
        timed(hub, ana, Times(Digest.DAILY, Quiet(60, 120)), "Europe/Berlin")
    with calling(hub) as call, working(call) as work:  # nobody is logged in
        unsubscribing.stop(work, Ticket(user_id, (Kind.INVITATION,)))
    with calling(hub, ana) as call:
        rows = audit.own(call, Window(10)).rows
    told = [(one.entry.type, one.entry.actor_id, one.entry.detail) for one in rows]
    update = "account.notifications_update"
    yes, no = {"web": True, "mail": True}, {"web": False, "mail": False}
    stopped = {"web": True, "mail": False}
    quiet = {"begins": 60, "ends": 120}
    assert told[:4] == [
        (update, None, {"before": {"invitation": yes}, "after": {"invitation": stopped}}),
        (
            "account.preferences_update",
            user_id,
            {"before": {"timezone": ""}, "after": {"timezone": "Europe/Berlin"}},
        ),
        (
            update,
            user_id,
            {
                "before": {"digest": "off", "quiet": None},
                "after": {"digest": "daily", "quiet": quiet},
            },
        ),
        (update, user_id, {"before": {"mention": yes}, "after": {"mention": no}}),
    ]


def test_the_log_tells_which_preferences_changed(hub: Hub) -> None:
    ana = made(hub, "ana")
    for _ in range(2):
        with calling(hub, ana) as call, working(call) as work:
            prefer(work, ana.user_id or 0, Preferences(language="zh-CN", tab_width=2))
    with calling(hub, ana) as call:
        rows = audit.own(call, Window(10)).rows
    told = [one.entry.detail for one in rows if one.entry.type == "account.preferences_update"]
    assert told == [
        {
            "before": {"language": "", "tab_width": 4},
            "after": {"language": "zh-CN", "tab_width": 2},
        }
    ]
