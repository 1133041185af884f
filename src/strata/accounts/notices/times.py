"""When mails may come: at once or gathered in a digest, and not in somebody's quiet hours.

Hours are those of the place where a person lives (`profile.preferences`), through every change of
its clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from strata.accounts.notices.tables import notice_times
from strata.accounts.profile.preferences import UTC as UTC_NAME, known_zone, zone_of
from strata.accounts.profile.tables import preferences
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert

DIGEST_AT: Final = time(8)  # where the person lives
_DAY: Final = 24 * 60  # minutes


class Digest(StrEnum):
    """How mails about discussions and requests for access are gathered."""

    OFF = "off"  # each soon after the news
    DAILY = "daily"
    WEEKLY = "weekly"  # on Mondays


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which no mail shall come; they may reach over midnight."""

    begins: int  # minutes after midnight
    ends: int


@dataclass(frozen=True, slots=True)
class Times:
    """When somebody wants mails."""

    digest: Digest = Digest.OFF
    quiet: Quiet | None = None


def times_of(call: Call, user_id: int) -> Times:
    """When somebody wants mails; one indexed lookup."""
    row = call.db.execute(sa.select(notice_times).where(notice_times.c.user_id == user_id)).first()
    return Times() if row is None else _times(row)


def hours_of(call: Call, people: Sequence[int]) -> dict[int, tuple[Times, ZoneInfo]]:
    """When each of these people wants mails, and by which clocks; one query for all of them."""
    found = dict.fromkeys(people, (Times(), ZoneInfo(UTC_NAME)))
    rows = call.db.execute(
        sa.select(notice_times, preferences.c.timezone)
        .outerjoin(preferences, preferences.c.user_id == notice_times.c.user_id)
        .where(notice_times.c.user_id.in_(list(people)))
    )
    return found | {row.user_id: (_times(row), known_zone(row.timezone or "")) for row in rows}


def _times(row: sa.Row[Any]) -> Times:
    hours = None if row.quiet_from is None else Quiet(row.quiet_from, row.quiet_until)
    return Times(Digest(row.digest), hours)


def choose_times(work: Work, user_id: int, times: Times) -> None:
    """Keep when a person wants mails; the door made sure that it is they.

    Raises:
        Malformed: quiet hours that are none, or take the whole day.
    """
    quiet = times.quiet
    if quiet and not (0 <= quiet.begins < _DAY and 0 <= quiet.ends < _DAY):
        raise Malformed("Quiet hours are times of the day, such as 22:00 and 07:30.")
    if quiet and quiet.begins == quiet.ends:
        raise Malformed("Quiet hours must end at another time than they begin.")
    values = {
        "digest": times.digest.value,
        "quiet_from": quiet.begins if quiet else None,
        "quiet_until": quiet.ends if quiet else None,
    }
    before = times_of(work, user_id)
    fresh = upsert(work.db, notice_times).values(user_id=user_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["user_id"], set_=values))
    if times != before:
        detail = changes(_told(before), _told(times))
        whose = Whose(subject_id=user_id)
        record(work, "account.notifications_update", detail=detail, whose=whose)


def _told(times: Times) -> dict[str, object]:
    """What the audit log keeps of them."""
    quiet = None if times.quiet is None else asdict(times.quiet)
    return {"digest": times.digest.value, "quiet": quiet}


def held_for(call: Call, user_id: int) -> timedelta:
    """How long a mail to somebody must wait for the end of their quiet hours; mostly not at all."""
    quiet = times_of(call, user_id).quiet
    if quiet is None:
        return timedelta(0)
    return until_end(quiet, call.now, zone_of(call, user_id))


def until_end(quiet: Quiet, now: datetime, zone: ZoneInfo) -> timedelta:
    """How long quiet hours last from now on; nothing outside of them."""
    here = now.astimezone(zone)
    minute = here.hour * 60 + here.minute
    if quiet.begins < quiet.ends:
        within = quiet.begins <= minute < quiet.ends
    else:
        within = minute >= quiet.begins or minute < quiet.ends
    if not within:
        return timedelta(0)
    day = here.date() + timedelta(days=1 if quiet.ends <= minute else 0)
    end = datetime.combine(day, time(quiet.ends // 60, quiet.ends % 60), zone)
    return max(end.astimezone(UTC) - now, timedelta(0))


def last_digest(digest: Digest, now: datetime, zone: ZoneInfo) -> datetime:
    """When the last digest was to be written: it holds what came before that moment.

    What came since waits for the next one. Nothing else needs to be remembered: a digest that was
    missed while the hub was away is still the last one when it comes back.
    """
    here = now.astimezone(zone)
    back = here.weekday() if digest is Digest.WEEKLY else 0
    step = timedelta(days=7 if digest is Digest.WEEKLY else 1)
    moment = datetime.combine(here.date() - timedelta(days=back), DIGEST_AT, zone)
    if moment > here:
        moment = datetime.combine(moment.date() - step, DIGEST_AT, zone)
    return moment.astimezone(UTC)
