"""Days and moments in letters, by the clocks of the person who reads them, as on our pages."""

from __future__ import annotations

from datetime import datetime

from strata.accounts.profile.preferences import zone_of
from strata.core.call import Call
from strata.lib.moments import day_text, moment_text


def day(call: Call, user_id: int, when: datetime, language: str) -> str:
    """The day that a moment belongs to for somebody: `Mar 4, 2026`, `2026年3月4日`.

    Args:
        language: of the letter, `en` or `zh-CN`.
    """
    return day_text(when.astimezone(zone_of(call, user_id)), _locale(language))


def moment(call: Call, user_id: int, when: datetime, language: str) -> str:
    """A moment for somebody: `Mar 4, 2026, 8:05:00 PM UTC+8`; `language` as for `day`."""
    return moment_text(when.astimezone(zone_of(call, user_id)), _locale(language))


def _locale(language: str) -> str:
    return language.replace("-", "_")
