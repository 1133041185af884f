"""Requests in five minutes: counted, bounded in memory, shared between processes."""

from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.postgres import PostgresCluster
from strata.accounts.plans import rates as rates_module
from strata.accounts.plans.rates import MAX_KEYS, SHARED_SLOTS, WINDOW_S, Bucket, Rates, Standing
from strata.accounts.plans.shared_rates import RateExchange
from strata.core.errors import TooMany
from strata.core.settings.groups.limits import RatesSettings

SMALL = RatesSettings(api=10, anonymous_api=3, resolvers=5, token_failures=2)


def take(
    rates: Rates, caller: int | str, clock: FrozenClock, bucket: Bucket = Bucket.API
) -> Standing:
    standing = rates.take(bucket, caller, clock())
    assert standing is not None
    return standing


def test_the_quota_is_used_up_and_comes_back_with_the_next_window(clock: FrozenClock) -> None:
    rates = Rates(SMALL)
    standings = [take(rates, "203.0.113.7", clock) for _ in range(4)]
    assert [s.remaining for s in standings] == [2, 1, 0, 0]
    assert [s.refused for s in standings] == [False, False, False, True]
    with pytest.raises(TooMany, match="3 of this kind") as refused:
        standings[-1].require()
    assert refused.value.retry_after_s == standings[-1].resets_in_s <= WINDOW_S
    clock.advance(timedelta(seconds=standings[-1].resets_in_s))
    assert take(rates, "203.0.113.7", clock).remaining == 2


def test_kinds_accounts_and_addresses_are_counted_apart(clock: FrozenClock) -> None:
    rates = Rates(SMALL)
    for _ in range(10):
        take(rates, 7, clock)
    assert take(rates, 7, clock).refused
    assert not take(rates, 8, clock).refused
    assert not take(rates, "7", clock).refused
    assert not take(rates, 7, clock, Bucket.RESOLVERS).refused


def test_only_the_explicit_switch_turns_it_off(clock: FrozenClock) -> None:
    assert Rates(RatesSettings()).take(Bucket.API, 1, clock()) is not None
    off = Rates(RatesSettings(enabled=False))
    assert off.take(Bucket.API, 1, clock()) is None
    for _ in range(300):
        off.note_failure("203.0.113.7", clock())


@pytest.mark.slow
def test_what_is_remembered_under_an_attack_is_bounded(clock: FrozenClock) -> None:
    rates = Rates(SMALL)
    for number in range(MAX_KEYS + 3 * SHARED_SLOTS):
        take(rates, f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::", clock)
    assert len(rates._requests.by_key) <= MAX_KEYS + SHARED_SLOTS  # noqa: SLF001
    assert not take(rates, 7, clock).refused  # accounts have counters of their own
    assert take(rates, "2001:db8:0:0::", clock).remaining == 1  # and who came before the attack
    _, busy = rates.busy(clock())
    assert all(not isinstance(caller, int) or caller > 0 for _, caller in busy)


def test_an_account_with_other_quotas(clock: FrozenClock) -> None:
    rates = Rates(SMALL)
    rates.allow({7: rates_module.quotas(SMALL) | {Bucket.API: 20}})
    assert take(rates, 7, clock).quota == 20
    assert take(rates, 8, clock).quota == 10


def test_wrong_tokens_of_one_address(clock: FrozenClock) -> None:
    rates = Rates(SMALL)
    for _ in range(2):
        rates.note_failure("203.0.113.7", clock())
    with pytest.raises(TooMany, match="wrong access tokens"):
        rates.note_failure("203.0.113.7", clock())
    rates.note_failure("203.0.113.8", clock())
    clock.advance(timedelta(minutes=10))
    rates.note_failure("203.0.113.7", clock())


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_share_one_quota(
    database: str, tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest
) -> None:
    url = None
    if database == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.create_hub_database()
    hub = build_test_hub(tmp_path / "data", clock=clock, database_url=url)
    one, two = Rates(SMALL), Rates(SMALL)
    first, second = RateExchange(hub, one), RateExchange(hub, two)
    for caller in (7, "203.0.113.7"):
        for _ in range(2):
            take(one, caller, clock)
    first.run()
    second.run()
    assert take(two, 7, clock).remaining == 7
    assert take(two, "203.0.113.7", clock).remaining == 0
    assert take(two, "203.0.113.7", clock).refused
    second.run()
    first.run()
    assert take(one, 7, clock).remaining == 6
    clock.advance(timedelta(seconds=WINDOW_S))
    second.run()
    assert take(two, "203.0.113.7", clock).remaining == 2
    hub.database.close()
