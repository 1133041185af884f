"""How a person wants to see the hub (product §2.2 P18): kept with the account, on every device."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa

from strata.accounts.profile.tables import preferences
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert

TAB_WIDTHS: Final = (2, 4, 8)
UTC: Final = "UTC"
CODE_THEMES: Final = ("", "warm", "ink")  # empty: the colours of the page
# Where the root of the site leads; empty: it is a page of its own.
LANDINGS: Final = {
    "": "",
    "models": "/models",
    "datasets": "/datasets",
    "spaces": "/spaces",
    "collections": "/collections",
    "profile": "/{name}",
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen; the defaults are for whoever chose nothing."""

    language: str = ""  # "en" or "zh-CN"; empty: as the browser asks
    theme: str = "system"
    compact: bool = False  # lists and tables with less space between the rows
    tab_width: int = 4  # columns in code
    shortcuts: bool = True  # single keys act, such as "/"
    private_repos: bool = False  # new repos whose creator does not say
    code_theme: str = ""  # one of CODE_THEMES
    landing: str = ""  # a key of LANDINGS
    timezone: str = ""  # IANA name, such as "Asia/Shanghai"; empty: UTC, on pages the browser's


@cache
def timezones() -> tuple[str, ...]:
    """The IANA names of the places that may be chosen, in order, and UTC before them."""
    places = (name for name in available_timezones() if "/" in name)
    return (UTC, *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/"))))


def preferences_of(call: Call, user_id: int) -> Preferences:
    """What a person chose; one indexed lookup."""
    columns = [preferences.c[field.name] for field in fields(Preferences)]
    row = call.db.execute(sa.select(*columns).where(preferences.c.user_id == user_id)).first()
    return Preferences(*row) if row else Preferences()


def prefer(work: Work, user_id: int, wanted: Preferences) -> None:
    """Keep what a person chose; the door made sure that it is they. Mails follow the language.

    Raises:
        Malformed: a tab width, a timezone, a first page or colours of code that are not offered.
    """
    if wanted.tab_width not in TAB_WIDTHS:
        raise Malformed("Choose a tab width of 2, 4 or 8.")
    if wanted.code_theme not in CODE_THEMES or wanted.landing not in LANDINGS:
        raise Malformed("Choose one of the colours of code and first pages that are offered.")
    _require_known(wanted.timezone)
    before, values = preferences_of(work, user_id), asdict(wanted)
    fresh = upsert(work.db, preferences).values(user_id=user_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["user_id"], set_=values))
    if wanted.language:
        work.db.execute(
            sa.update(users).where(users.c.id == user_id).values(language=wanted.language)
        )
    _record(work, user_id, before, wanted)


def landing_of(call: Call) -> str:
    """Where the caller wants the root of the site to lead; empty: nowhere else."""
    if call.actor.user_id is None or call.actor.session_id is None:
        return ""
    chosen = sa.select(preferences.c.landing).where(preferences.c.user_id == call.actor.user_id)
    return LANDINGS.get(call.db.scalar(chosen) or "", "").format(name=call.actor.name)


def zone_of(call: Call, user_id: int) -> ZoneInfo:
    """By whose clocks a person lives."""
    chosen = sa.select(preferences.c.timezone).where(preferences.c.user_id == user_id)
    return known_zone(call.db.scalar(chosen) or "")


def known_zone(name: str) -> ZoneInfo:
    """The clocks of a place; those of UTC where none was chosen, or a name went out of use."""
    return ZoneInfo(name if name in timezones() else UTC)


def choose_timezone(work: Work, user_id: int, name: str) -> None:
    """Keep where a person lives, and nothing else; the door made sure that it is they.

    Raises:
        Malformed: no such timezone.
    """
    _require_known(name)
    before = preferences_of(work, user_id)
    fresh = upsert(work.db, preferences).values(
        user_id=user_id, **{**asdict(Preferences()), "timezone": name}
    )
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=["user_id"], set_={"timezone": name})
    )
    _record(work, user_id, before, replace(before, timezone=name))


def _record(work: Work, user_id: int, before: Preferences, after: Preferences) -> None:
    if before != after:
        detail = changes(asdict(before), asdict(after))
        whose = Whose(subject_id=user_id)
        record(work, "account.preferences_update", detail=detail, whose=whose)


def _require_known(timezone: str) -> None:
    if timezone and timezone not in timezones():
        raise Malformed("Choose a timezone of the list, such as Asia/Shanghai.")
