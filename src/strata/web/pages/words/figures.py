"""Numbers, sizes and dates as a reader of each language expects them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import format_decimal

from strata.lib import moments
from strata.web.pages.words.language import locale_name, marks

_BYTE_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


# Macros that a template imports know nothing of the page that is being rendered.
_zone: ContextVar[tzinfo] = ContextVar("_zone", default=UTC)


@contextmanager
def told_in(timezone: str) -> Iterator[None]:
    """Write moments in a timezone while a page is rendered.

    Args:
        timezone: IANA name; empty, or one that went out of use: UTC.
    """
    token = _zone.set(_zone_named(timezone))
    try:
        yield
    finally:
        _zone.reset(token)


def _zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def size_text(size: int) -> str:
    """Write a size in bytes with decimal units: 1500 is `1.5 kB`."""
    scaled, unit = float(size), 0
    while scaled >= 999.5 and unit < len(_BYTE_UNITS) - 1:  # rounds up to 1000
        scaled, unit = scaled / 1000, unit + 1
    return f"{_three_digits(scaled) if unit else size} {_BYTE_UNITS[unit]}"


def compact_text(number: int, language: str) -> str:
    """Shorten a count: 1234 is `1.2k`, in Chinese `1,234`; 12345 is `12k`, `1.2 万`."""
    for size, name in marks(language).scale:
        if number >= size:
            return f"{_two_digits(number / size)}{name}"
    return number_text(number, language)


def number_text(number: float, language: str) -> str:
    """Write a number in full with the language's grouping: `1,204`."""
    return str(format_decimal(number, locale=locale_name(language)))


def date_text(when: datetime | date, language: str) -> str:
    """Write a day: `Mar 4, 2026`, `2026年3月4日`; of a moment, the day it is for the reader."""
    if isinstance(when, datetime):
        when = when.astimezone(_zone.get())
    return moments.day_text(when, locale_name(language))


def moment_text(when: datetime, language: str) -> str:
    """Write a moment as clocks of the reader's timezone show it, and how far that is from UTC."""
    return moments.moment_text(when.astimezone(_zone.get()), locale_name(language))


def _two_digits(scaled: float) -> str:
    """One decimal below ten."""
    return f"{scaled:.1f}".removesuffix(".0") if scaled < 9.95 else f"{int(scaled)}"


def _three_digits(scaled: float) -> str:
    """One decimal below a hundred."""
    return f"{scaled:.1f}".removesuffix(".0") if scaled < 99.95 else f"{scaled:.0f}"
