"""What is counted of an application: for who let it in, and for who made it (product §2.2 P16)."""

from datetime import date, timedelta

import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock
from fixtures.oauth import COMMAND_LINE
from fixtures.programs import granted, whose
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.oauth import apps, consents, usage
from strata.credentials.oauth.making import operator
from strata.credentials.oauth.tables import oauth_app_days
from strata.credentials.uses import Uses


def used(hub: Hub) -> usage.Usage:
    with calling(hub) as call:
        app = apps.find(call, COMMAND_LINE.client_id)
        assert app is not None
        return usage.of(call, app.id)


def test_use_is_counted_and_shown_where_it_belongs(hub: Hub, clock: FrozenClock) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    first = granted(hub, ana)
    granted(hub, ana)
    granted(hub, bob)
    at_first = used(hub)
    assert (at_first.people, at_first.tokens, at_first.last_used_at) == (2, 3, None)
    assert at_first.weeks[0] == usage.Week(date(2026, 11, 23), 3, 3)  # a Monday
    assert len(at_first.weeks) == usage.WEEKS

    clock.advance(timedelta(hours=2))
    uses = Uses()
    actor = whose(hub, first.access_token)
    assert actor is not None
    uses.note(actor, clock())
    uses.flush(hub)
    assert used(hub).last_used_at == clock()
    with calling(hub, ana) as call:
        assert consents.connected(call, ana.user_id or 0)[0].last_used_at == clock()
    with calling(hub, bob) as call:
        assert consents.connected(call, bob.user_id or 0)[0].last_used_at is None

    clock.advance(timedelta(days=6, hours=13))  # midnight after Sunday
    granted(hub, bob)
    assert [(week.authorized, week.log_ins) for week in used(hub).weeks[:3]] == [
        (1, 1), (3, 3), (0, 0),
    ]  # fmt: skip


def test_a_token_that_ended_does_not_work(hub: Hub, clock: FrozenClock) -> None:
    granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=31))
    assert (used(hub).people, used(hub).tokens) == (1, 0)


def test_numbers_of_long_ago_and_of_what_is_gone_are_forgotten(
    hub: Hub, clock: FrozenClock
) -> None:
    granted(hub, made(hub, "ana"))
    clock.advance(usage.KEPT)
    with calling(hub) as call, working(call) as work:
        usage.forget_old(work)
        assert work.db.scalar(sa.select(sa.func.count()).select_from(oauth_app_days)) == 1
    clock.advance(timedelta(days=1))
    with calling(hub) as call, working(call) as work:
        usage.forget_old(work)
        assert work.db.scalar(sa.select(sa.func.count()).select_from(oauth_app_days)) == 0
    granted(hub, made(hub, "bob"))
    with calling(hub) as call, working(call) as work:
        operator.remove(work, COMMAND_LINE.client_id)
        assert work.db.scalar(sa.select(sa.func.count()).select_from(oauth_app_days)) == 0
