"""Days and moments as people write them, in each language."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime


def day_text(when: date, locale: str) -> str:
    """Write a day: `Mar 4, 2026`, `2026年3月4日`.

    Args:
        when: if a moment, by the clocks of the reader.
        locale: as Babel names it, such as `zh_CN`.
    """
    return str(format_date(when, format="medium", locale=locale))


def moment_text(when: datetime, locale: str) -> str:
    """Write a moment as the clocks of the reader show it, and how far they are from UTC.

    Args:
        when: by those clocks.
        locale: as Babel names it, such as `zh_CN`.
    """
    # Babel would turn an aware moment back to UTC.
    written = format_datetime(when.replace(tzinfo=None), "medium", locale=locale)
    return f"{written} {_from_utc(when.utcoffset() or timedelta())}"


def _from_utc(offset: timedelta) -> str:
    """Write how far clocks are from UTC: `UTC`, `UTC+8`, `UTC-3:30`."""
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "-"
    return f"UTC{sign}{hours}{f':{rest:02d}' if rest else ''}" if minutes else "UTC"
