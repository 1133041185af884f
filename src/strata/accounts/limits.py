"""Sliding-window counters and waiting times for what strangers may repeat.

Counting happens in a transaction and refuses when the count is over, so parallel requests cannot
slip through together: the counter's row is the lock.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.accounts.tables import attempts, blocks
from strata.core.call import Call, Work
from strata.core.errors import TooMany
from strata.lib.db.columns import to_millis
from strata.lib.db.statements import upsert

MINUTE_MS = 60_000
STRIKES_FORGOTTEN_AFTER = timedelta(hours=1)
LONGEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may happen in the last minutes."""

    key: str
    most: int
    minutes: int


def require_room(call: Call, *limits: Limit) -> None:
    """Refuse when one more would be too many; counts nothing.

    Raises:
        TooMany: with the seconds until there is room.
    """
    for limit in limits:
        _require(call, limit, limit.most - 1)


def count(work: Work, *limits: Limit, subject: str = "") -> None:
    """Count one more, and refuse when that is too many (which undoes the counting).

    Raises:
        TooMany: with the seconds until there is room.
    """
    for key in dict.fromkeys(limit.key for limit in limits):
        note(work, key, subject=subject)
    for limit in limits:
        _require(work, limit, limit.most)


def require_counted(call: Call, limit: Limit) -> None:
    """Refuse when what is counted already is too many.

    Raises:
        TooMany: with the seconds until there is room.
    """
    _require(call, limit, limit.most)


def note(work: Work, key: str, *, subject: str = "") -> None:
    """Count one more and refuse nothing."""
    fresh = upsert(work.db, attempts).values(
        key=key, subject=subject, minute=_minute(work.now), count=1
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[attempts.c.key, attempts.c.subject, attempts.c.minute],
            set_={"count": attempts.c.count + 1},
        )
    )


def refund(work: Work, key: str, *, subject: str = "", counted_at: datetime) -> None:
    """Take back one counting: the attempt turned out to be a good one."""
    work.db.execute(
        sa.update(attempts)
        .where(
            attempts.c.key == key,
            attempts.c.subject == subject,
            attempts.c.minute == _minute(counted_at),
            attempts.c.count > 0,
        )
        .values(count=attempts.c.count - 1)
    )


def counted(call: Call, key: str, *, minutes: int) -> int:
    """How often it happened in the last minutes."""
    total = call.db.scalar(
        sa.select(sa.func.sum(attempts.c.count)).where(*_window(call, key, minutes))
    )
    return int(total or 0)


def distinct_subjects(call: Call, key: str, *, minutes: int) -> int:
    """Of how many different subjects it happened in the last minutes."""
    number = call.db.scalar(
        sa.select(sa.func.count(sa.distinct(attempts.c.subject))).where(
            *_window(call, key, minutes), attempts.c.count > 0
        )
    )
    return int(number or 0)


def forget(work: Work, key: str) -> None:
    """Start afresh: counts and waiting times of the key are gone."""
    work.db.execute(sa.delete(attempts).where(attempts.c.key == key))
    work.db.execute(sa.delete(blocks).where(blocks.c.key == key))


def forget_all(work: Work, prefix: str) -> None:
    """The same for every key that begins so."""
    for table in (attempts, blocks):
        work.db.execute(sa.delete(table).where(table.c.key.startswith(prefix, autoescape=True)))


def forget_old(work: Work) -> None:
    """Remove what no window reaches any more."""
    work.db.execute(
        sa.delete(attempts).where(attempts.c.minute < _minute(work.now - LONGEST_WINDOW))
    )
    work.db.execute(sa.delete(blocks).where(blocks.c.until < work.now - STRIKES_FORGOTTEN_AFTER))


def block(work: Work, key: str, *minutes: int) -> None:
    """Make the key wait: the first of `minutes`, the next at the next strike within an hour."""
    row = work.db.execute(sa.select(blocks).where(blocks.c.key == key)).first()
    lately = row is not None and row.until > work.now - STRIKES_FORGOTTEN_AFTER
    strikes = row.strikes + 1 if row is not None and lately else 1
    until = work.now + timedelta(minutes=minutes[min(strikes, len(minutes)) - 1])
    fresh = upsert(work.db, blocks).values(key=key, until=until, strikes=strikes)
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[blocks.c.key], set_={"until": until, "strikes": strikes}
        )
    )


def once(work: Work, key: str, *, until: datetime) -> bool:
    """Whether nobody did this before, in any worker; after `until` it may be done once more."""
    fresh = upsert(work.db, blocks).values(key=key, until=until, strikes=1)
    anew = fresh.on_conflict_do_update(
        index_elements=[blocks.c.key],
        set_={"until": until, "strikes": 1},
        where=blocks.c.until <= work.now,
    )
    return work.db.execute(anew).rowcount == 1


def is_blocked(call: Call, key: str) -> bool:
    """Whether the key must wait."""
    return _seconds_blocked(call, key) > 0


def require_unblocked(call: Call, key: str) -> None:
    """Refuse while the key must wait.

    Raises:
        TooMany: with the seconds left.
    """
    seconds = _seconds_blocked(call, key)
    if seconds > 0:
        raise TooMany(retry_after_s=seconds)


def address_of(ip: str) -> str:
    """What counts as one address: IPv4 whole, of IPv6 the /64 that one line has."""
    return _network(ip, v4=32, v6=64)


def network_of(ip: str) -> str:
    """What counts as one network: /24, or /48 of IPv6."""
    return _network(ip, v4=24, v6=48)


def _network(ip: str, *, v4: int, v6: int) -> str:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip[:64]  # a name given by a socket without addresses
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = v4 if address.version == 4 else v6
    return str(ipaddress.ip_network((address, length), strict=False).network_address)


def _seconds_blocked(call: Call, key: str) -> int:
    until = call.db.scalar(sa.select(blocks.c.until).where(blocks.c.key == key))
    if until is None or until <= call.now:
        return 0
    return int((until - call.now).total_seconds()) + 1


def _require(call: Call, limit: Limit, most: int) -> None:
    if counted(call, limit.key, minutes=limit.minutes) > most:
        raise TooMany(retry_after_s=_seconds_until_room(call, limit))


def _seconds_until_room(call: Call, limit: Limit) -> int:
    oldest = call.db.scalar(
        sa.select(sa.func.min(attempts.c.minute)).where(
            *_window(call, limit.key, limit.minutes), attempts.c.count > 0
        )
    )
    now_ms = to_millis(call.now)
    free_ms = ((oldest if oldest is not None else now_ms // MINUTE_MS) + limit.minutes) * MINUTE_MS
    return max(1, -((now_ms - free_ms) // 1000))


def _window(call: Call, key: str, minutes: int) -> tuple[sa.ColumnElement[bool], ...]:
    return attempts.c.key == key, attempts.c.minute > _minute(call.now) - minutes


def _minute(moment: datetime) -> int:
    return to_millis(moment) // MINUTE_MS
