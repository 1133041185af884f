"""How much an application is used, in numbers: whose use it is, its owner does not learn (P16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.credentials.oauth.tables import (
    oauth_accesses,
    oauth_app_days,
    oauth_consents,
    oauth_families,
)
from strata.credentials.tokens.tables import tokens
from strata.lib.db.statements import upsert

WEEKS: Final = 12  # that are shown, this one among them
KEPT: Final = timedelta(days=400)
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in the seven days from a Monday on."""

    monday: date
    authorized: int  # how often somebody pressed the button
    log_ins: int  # how often it was given tokens for it


@dataclass(frozen=True, slots=True)
class Usage:
    """What the owner of an application is told."""

    people: int  # who let it in, and did not shut it out again
    tokens: int  # access tokens that work now
    last_used_at: datetime | None
    weeks: tuple[Week, ...]  # the newest first


def of(call: Call, app_id: int) -> Usage:
    """The numbers of an application; the door made sure that it is the caller's own."""
    works = sa.and_(tokens.c.expires_at > call.now, tokens.c.leaked_at.is_(None))
    said = sa.select(sa.func.count().filter(works), sa.func.max(tokens.c.last_used_at))
    working, used_at = call.db.execute(said.where(tokens.c.id.in_(_held(app_id)))).one()
    return Usage(people_of(call, app_id), working, used_at, _weeks(call, app_id))


def people_of(call: Call, app_id: int) -> int:
    """How many people let it in."""
    counted = sa.select(sa.func.count()).select_from(oauth_consents)
    return call.db.scalar(counted.where(oauth_consents.c.app_id == app_id)) or 0


def note_authorized(work: Work, app_id: int) -> None:
    """Somebody let an application in."""
    _count(work, app_id, oauth_app_days.c.authorized)


def note_log_in(work: Work, app_id: int) -> None:
    """An application was given the first tokens of a log-in."""
    _count(work, app_id, oauth_app_days.c.log_ins)


def forget_old(work: Work) -> None:
    """Remove the numbers of days long ago."""
    before = _day(work.now - KEPT)
    work.db.execute(sa.delete(oauth_app_days).where(oauth_app_days.c.day < before))


def _count(work: Work, app_id: int, column: sa.Column[int]) -> None:
    fresh = upsert(work.db, oauth_app_days).values(
        app_id=app_id, day=_day(work.now), **{column.name: 1}
    )
    here = [oauth_app_days.c.app_id, oauth_app_days.c.day]
    more = {column.name: column + 1}
    work.db.execute(fresh.on_conflict_do_update(index_elements=here, set_=more))


def _held(app_id: int) -> sa.Select[tuple[int]]:
    """The ids of the access tokens of an application."""
    return (
        sa.select(oauth_accesses.c.token_id)
        .join(oauth_families, oauth_families.c.id == oauth_accesses.c.family_id)
        .join(oauth_consents, oauth_consents.c.id == oauth_families.c.consent_id)
        .where(oauth_consents.c.app_id == app_id)
    )


def _weeks(call: Call, app_id: int) -> tuple[Week, ...]:
    newest = _monday(_day(call.now))
    mondays = [newest - 7 * number for number in range(WEEKS)]
    days = call.db.execute(
        sa.select(oauth_app_days).where(
            oauth_app_days.c.app_id == app_id, oauth_app_days.c.day >= mondays[-1]
        )
    ).all()
    return tuple(
        Week(
            _EPOCH + timedelta(days=monday),
            sum(row.authorized for row in days if _monday(row.day) == monday),
            sum(row.log_ins for row in days if _monday(row.day) == monday),
        )
        for monday in mondays
    )


def _day(moment: datetime) -> int:
    return (moment.date() - _EPOCH).days


def _monday(day: int) -> int:
    return day - (day + _EPOCH.weekday()) % 7
