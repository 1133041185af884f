"""Days and moments in letters are those of the person who reads them."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, inbox, made, person
from fixtures.hubs import FrozenClock
from fixtures.tokens import issued
from strata.accounts.profile import clocks
from strata.accounts.profile.preferences import choose_timezone
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.tokens import expiring
from strata.membership.closing import suspend
from strata.sessions.protecting import removal

EVENING = datetime(2026, 11, 30, 20, 5, tzinfo=UTC)
MAIL = "alice@example.org"


def lives(hub: Hub, who: Actor, zone: str, language: str = "en") -> None:
    with calling(hub, who) as call, working(call) as work:
        choose_timezone(work, who.user_id or 0, zone)
        here = sa.update(users).where(users.c.id == who.user_id)
        work.db.execute(here.values(language=language))


@pytest.mark.parametrize(
    ("zone", "language", "day", "moment"),
    [
        ("", "en", "Nov 30, 2026", "Nov 30, 2026, 8:05:00\u202fPM UTC"),
        ("Asia/Shanghai", "en", "Dec 1, 2026", "Dec 1, 2026, 4:05:00\u202fAM UTC+8"),
        ("Asia/Shanghai", "zh-CN", "2026年12月1日", "2026年12月1日 04:05:00 UTC+8"),
        ("America/St_Johns", "en", "Nov 30, 2026", "Nov 30, 2026, 4:35:00\u202fPM UTC-3:30"),
    ],
)
def test_a_letter_has_the_clocks_of_its_reader(
    hub: Hub, zone: str, language: str, day: str, moment: str
) -> None:
    alice = made(hub, "alice")
    lives(hub, alice, zone)
    with calling(hub) as call:
        assert clocks.day(call, alice.user_id or 0, EVENING, language) == day
        assert clocks.moment(call, alice.user_id or 0, EVENING, language) == moment


@pytest.mark.parametrize(
    ("language", "wanted"), [("en", "Dec 1, 2026"), ("zh-CN", "2026年12月1日")]
)
def test_every_letter_that_names_a_day_names_the_readers(
    hub: Hub, clock: FrozenClock, language: str, wanted: str
) -> None:
    alice = made(hub, "alice")
    lives(hub, alice, "Asia/Shanghai", language)
    clock.advance(EVENING - timedelta(hours=12) - clock())
    issued(hub, alice, "ci", expires_at=EVENING)
    with calling(hub) as call, working(call) as work:
        expiring.tell(work)
        removal.schedule(work, person(hub, "alice"), timedelta(hours=12), by_operator=False)
        wish = suspend.Suspension("spam", until=EVENING)
        suspend.suspend(work, person(hub, "alice"), wish)
    told = [kept for kept in inbox(hub, MAIL) if wanted in kept.text]
    assert len(told) == 3
