"""One quota for all processes of a hub: every few seconds each tells the others what it counted.

Only callers who used a tenth of a quota in one process are told, so an idle hub writes nothing.
What a caller can get beyond the quota is bounded by that tenth for each further process, and by
what one process answers between two exchanges.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import sqlalchemy as sa

from strata.accounts.plans.rates import Bucket, Caller, Key, Rates
from strata.accounts.plans.tables import rate_counts
from strata.core.call import Call, Work, reading, working
from strata.core.hub import Hub
from strata.lib.db.statements import upsert

EXCHANGE_EVERY_S = 5


def is_alone(hub: Hub) -> bool:
    """Whether no other process can be serving this database."""
    return hub.database.sqlite and hub.settings.server.workers == 1


class RateExchange:
    """The exchange of one process; call `run` every `EXCHANGE_EVERY_S`."""

    def __init__(self, hub: Hub, rates: Rates) -> None:
        self._hub = hub
        self._rates = rates
        self._process = secrets.token_hex(8)
        self._told: tuple[int, Mapping[Key, int]] = (0, {})

    def run(self) -> None:
        """Tell what changed, and hear the others."""
        window, busy = self._rates.busy(self._hub.clock())
        told_window, told = self._told
        fresh = busy if window != told_window else _changed(busy, told)
        with reading(self._hub) as call:
            if fresh:
                with working(call) as work:
                    _tell(work, window, self._process, fresh)
                    _forget(work, window)
        with reading(self._hub) as call:
            self._rates.hear(window, _heard(call, window, self._process))
        self._told = (window, busy)


def _changed(busy: Mapping[Key, int], told: Mapping[Key, int]) -> dict[Key, int]:
    return {key: count for key, count in busy.items() if told.get(key) != count}


def _tell(work: Work, window: int, process: str, counts: Mapping[Key, int]) -> None:
    statement = upsert(work.db, rate_counts)
    work.db.execute(
        statement.on_conflict_do_update(
            index_elements=["window", "process", "bucket", "caller"],
            set_={"count": statement.excluded.count},
        ),
        [
            {
                "window": window,
                "process": process,
                "bucket": bucket.value,
                "caller": _written(caller),
                "count": count,
            }
            for (bucket, caller), count in sorted(counts.items(), key=str)
        ],
    )


def _forget(work: Work, window: int) -> None:
    work.db.execute(sa.delete(rate_counts).where(rate_counts.c.window < window))


def _heard(call: Call, window: int, process: str) -> dict[Key, int]:
    heard: dict[Key, int] = {}
    others = sa.select(rate_counts.c.bucket, rate_counts.c.caller, rate_counts.c.count).where(
        rate_counts.c.window == window, rate_counts.c.process != process
    )
    for bucket, caller, count in call.db.execute(others):
        key = (Bucket(bucket), _read(caller))
        heard[key] = heard.get(key, 0) + count
    return heard


def _written(caller: Caller) -> str:
    return f"account {caller}" if isinstance(caller, int) else f"address {caller}"


def _read(text: str) -> Caller:
    kind, _, value = text.partition(" ")
    return int(value) if kind == "account" else value
