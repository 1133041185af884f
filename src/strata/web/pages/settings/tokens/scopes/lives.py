"""How long a token lives, as its owner chooses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from strata.core.errors import InvalidFields
from strata.web.pages.words.language import N_

LIFE_WORDS: Final[Mapping[str, str]] = {
    "never": N_("Never"),
    "7": N_("In 7 days"),
    "30": N_("In 30 days"),
    "90": N_("In 90 days"),
    "365": N_("In a year"),
    "custom": N_("On a day of my choice"),
}
LIVES: Final = tuple(LIFE_WORDS)


def end_of(life: str, day: str, now: datetime) -> datetime | None:
    """When the token ends; a day ends with its last moment, in UTC.

    Raises:
        InvalidFields: of the field `expires`; no such day.
    """
    if life == "never":
        return None
    if life != "custom":
        return now + timedelta(days=int(life))
    try:
        chosen = date.fromisoformat(day)
    except ValueError as error:
        raise InvalidFields({"expires": ("token.no_day",)}) from error
    return datetime.combine(chosen, time(23, 59, 59), UTC)


def lives_within(longest: timedelta | None) -> tuple[str, ...]:
    """The ends that are offered where a token may live so long at most."""
    if longest is None:
        return LIVES
    return tuple(one for one in LIVES if one == "custom" or _fits(one, longest))


def _fits(life: str, longest: timedelta) -> bool:
    return life != "never" and timedelta(days=int(life)) <= longest
