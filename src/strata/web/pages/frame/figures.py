"""Numbers, sizes and dates as a reader of each language expects them."""

from datetime import UTC, date, datetime
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from strata.web.pages.words.language import locale_name

_BYTE_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SHORT_SCALE: Final = ((10**9, "B"), (10**6, "M"), (10**3, "k"))
_CHINESE_SCALE: Final = ((10**8, " 亿"), (10**4, " 万"))


def size_text(size: int) -> str:
    """Write a size in bytes with decimal units: 1500 is `1.5 kB`."""
    scaled, unit = float(size), 0
    while scaled >= 999.5 and unit < len(_BYTE_UNITS) - 1:  # rounds up to 1000
        scaled, unit = scaled / 1000, unit + 1
    return f"{_three_digits(scaled) if unit else size} {_BYTE_UNITS[unit]}"


def compact_text(number: int, language: str) -> str:
    """Shorten a count: 1234 is `1.2k`, in Chinese `1,234`; 12345 is `12k`, `1.2 万`."""
    scale = _CHINESE_SCALE if language == "zh-CN" else _SHORT_SCALE
    for size, name in scale:
        if number >= size:
            return f"{_two_digits(number / size)}{name}"
    return number_text(number, language)


def number_text(number: float, language: str) -> str:
    """Write a number in full with the language's grouping: `1,204`."""
    return str(format_decimal(number, locale=locale_name(language)))


def date_text(when: datetime | date, language: str) -> str:
    """Write a day: `Mar 4, 2026`, `2026年3月4日`."""
    return str(format_date(when, format="medium", locale=locale_name(language)))


def moment_text(when: datetime, language: str) -> str:
    """Write a moment to the minute, in UTC, saying so."""
    day = format_datetime(when.astimezone(UTC), "medium", locale=locale_name(language))
    return f"{day} UTC"


def _two_digits(scaled: float) -> str:
    return (
        f"{scaled:.1f}".removesuffix(".0") if scaled < 9.95 else f"{int(scaled)}"
    )  # one decimal below ten


def _three_digits(scaled: float) -> str:
    return (
        f"{scaled:.1f}".removesuffix(".0") if scaled < 99.95 else f"{scaled:.0f}"
    )  # one decimal below a hundred
