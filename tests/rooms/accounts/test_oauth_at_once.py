"""Two come at the very same moment with what is good once: a code, a device, a refresh token."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, made
from fixtures.authorizing import allowed as agreed, asking, redeemed
from fixtures.hubs import FrozenClock
from fixtures.oauth import application
from fixtures.programs import allowed, granted, polled, refreshed, started, whose
from strata.core.call import working
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.credentials.oauth import consents
from strata.credentials.oauth.device import deciding
from strata.credentials.oauth.tables import oauth_families
from strata.credentials.oauth.tokens.families import Answer
from strata.credentials.tokens.tables import oauth_refreshes
from strata.repos.publishers import replays

TOGETHER = 4
Found = TypeVar("Found")


def at_once(act: Callable[[], Found]) -> list[Found]:
    """What each of several gets that begin together."""
    begin = Barrier(TOGETHER)

    def one() -> Found:
        begin.wait()
        return act()

    with ThreadPoolExecutor(TOGETHER) as threads:
        return [running.result() for running in [threads.submit(one) for _ in range(TOGETHER)]]


def count(hub: Hub, table: sa.Table) -> int:
    with calling(hub) as call:
        return call.db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_of_those_who_redeem_one_code_one_wins_and_the_others_undo_it(hub: Hub) -> None:
    app = application(hub)
    code = agreed(hub, made(hub, "ana"), asking())["code"]
    found = at_once(lambda: redeemed(hub, code, app.credentials))

    winners = [one for one in found if not isinstance(one, str)]
    assert len(winners) == 1
    assert found.count("invalid_grant") == TOGETHER - 1
    # Who came second may be the owner: what the first one got is taken back.
    assert whose(hub, winners[0][0].access_token) is None
    assert count(hub, oauth_families) == 0


def test_of_those_who_poll_one_device_one_gets_its_tokens(hub: Hub) -> None:
    codes = started(hub)
    allowed(hub, made(hub, "ana"), codes.user_code)
    found = at_once(lambda: polled(hub, codes))

    winners = [one for one in found if isinstance(one, Answer)]
    assert len(winners) == 1
    assert found.count("invalid_grant") == TOGETHER - 1
    assert whose(hub, winners[0].access_token) is not None
    assert count(hub, oauth_families) == 1


def test_of_a_yes_and_a_no_at_the_same_moment_the_first_one_counts(hub: Hub) -> None:
    ana = made(hub, "ana")
    codes = started(hub)
    words = ["yes", "no"] * (TOGETHER // 2)

    def decide() -> str:
        word = words.pop()
        with calling(hub, ana) as call:
            try:
                if word == "yes":
                    deciding.allow(call, codes.user_code, ())
                else:
                    deciding.deny(call, codes.user_code)
            except NotFound:
                return "late"
        return "first"

    assert sorted(at_once(decide)) == ["first"] + ["late"] * (TOGETHER - 1)
    told = [name for name in fact_names(hub) if name in ("oauth.deny", "oauth.device_approve")]
    assert len(told) == 1
    let_in = isinstance(polled(hub, codes), Answer)
    assert let_in is (told == ["oauth.device_approve"])


def test_processes_that_refresh_at_once_stay_on_one_branch(hub: Hub, clock: FrozenClock) -> None:
    """One program of several processes: all go on, and a thief can hide in no second branch."""
    first = granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=29))
    found = [one for one in at_once(lambda: refreshed(hub, first.refresh_token)) if one]

    answers = [one for one in found if isinstance(one, Answer)]
    assert len(answers) == TOGETHER
    assert len({one.refresh_token for one in answers}) == 1
    assert count(hub, oauth_refreshes) == 2  # the used one, and its only successor
    clock.advance(timedelta(minutes=2))
    assert refreshed(hub, first.refresh_token) == "invalid_grant"
    assert all(whose(hub, one.access_token) is None for one in answers)
    assert fact_names(hub).count("oauth.refresh_reuse") == 1


def test_of_thieves_who_come_together_each_gets_nothing_and_one_is_told_of(
    hub: Hub, clock: FrozenClock
) -> None:
    first = granted(hub, made(hub, "ana"))
    refreshed(hub, first.refresh_token)
    clock.advance(timedelta(minutes=2))

    found = at_once(lambda: refreshed(hub, first.refresh_token))
    assert found == ["invalid_grant"] * TOGETHER
    assert count(hub, oauth_families) == 0
    assert fact_names(hub).count("oauth.refresh_reuse") == 1


def test_of_jobs_that_show_one_id_token_one_is_first(hub: Hub) -> None:
    said = {"jti": "1", "exp": int(hub.clock().timestamp()) + 300}

    def show() -> bool:
        with calling(hub) as call, working(call) as work:
            return replays.is_first(work, "https://ci.example", "a.b.c", said)

    assert sorted(at_once(show)) == [False] * (TOGETHER - 1) + [True]


def test_people_who_agree_twice_at_once_have_one_consent(hub: Hub) -> None:
    ana = made(hub, "ana")
    application(hub)
    found = at_once(lambda: agreed(hub, ana, asking())["code"])
    assert len(set(found)) == TOGETHER
    with calling(hub, ana) as call:
        assert len(consents.connected(call, ana.user_id or 0)) == 1
