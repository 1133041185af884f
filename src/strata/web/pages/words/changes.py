"""What an entry of the audit log says besides its type: which fields, as they were and are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from strata.web.pages.words.details import CHARACTERS, NAMES, REASONS, TYPES, VALUES
from strata.web.pages.words.language import N_, marks, translated

LONGEST_DETAIL: Final = 120  # characters of one value that a page shows
_SHOWN: Final = frozenset(
    {
        "user",
        "role",
        "before",
        "private",
        "gated",
        "from",
        "visibility",
        "reason",
        "fields",
        "people",
    }
)
_LENGTH: Final = re.compile(r"([0-9]+) characters")  # all that is kept of a long text
_TYPED: Final = re.compile(rf"({'|'.join(TYPES)}) (.+)", re.DOTALL)


def told_of(language: str, type_: str, detail: Mapping[str, object]) -> str:
    """What changed, in one line; all of it is in the export.

    Args:
        type_: of the entry, such as `webhook.disable`.
    """
    before = detail.get("before")
    told = {"before", *before} if isinstance(before, Mapping) else set()
    if "reason" in detail:
        detail = {**detail, "reason": _reason(language, type_, str(detail["reason"]))}
    shown = sorted(_SHOWN & detail.keys() - told)
    known = [_pair(language, name, _value(language, name, detail[name])) for name in shown]
    return " · ".join((*known, *_changes(language, detail)))


def _reason(language: str, type_: str, reason: str) -> str:
    words = REASONS.get(type_, {})
    return translated(language, words[reason]) if reason in words else reason


def _changes(language: str, detail: Mapping[str, object]) -> Iterator[str]:
    """Each field that changed, as it was and as it is."""
    before, after = detail.get("before"), detail.get("after", detail)
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in before:
        if before[name] != after.get(name):
            was, now = (_value(language, name, side.get(name)) for side in (before, after))
            yield _pair(language, name, f"{was} → {now}")


def _pair(language: str, name: str, value: str) -> str:
    return f"{_name(language, name)}{marks(language).colon}{value}"


def _name(language: str, name: str) -> str:
    return translated(language, NAMES[name]) if name in NAMES else name


def _value(language: str, name: str, value: object) -> str:
    return _text(language, name, value)[:LONGEST_DETAIL]


def _text(language: str, name: str, value: object) -> str:
    if isinstance(value, bool):
        return translated(language, N_("yes") if value else N_("no"))
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, list):
        return marks(language).comma.join(_text(language, name, one) for one in value)
    if isinstance(value, Mapping):
        return _hours(value) if name == "quiet" else _parts(language, value)
    return _word(language, name, str(value))


def _parts(language: str, value: Mapping[str, object]) -> str:
    """A value that has fields of its own."""
    told = (f"{_name(language, key)} {_text(language, key, one)}" for key, one in value.items())
    return marks(language).comma.join(told)


def _hours(quiet: Mapping[str, Any]) -> str:
    """From when until when; kept as minutes after midnight."""
    ends = (divmod(int(quiet[name]), 60) for name in ("begins", "ends"))
    return "–".join(f"{hour:02}:{minute:02}" for hour, minute in ends)  # noqa: RUF001 — a range


def _word(language: str, name: str, value: str) -> str:
    """A value that we chose in words; what people wrote as it is."""
    if name == "readme" and (length := _LENGTH.fullmatch(value)):
        return translated(language, CHARACTERS, count=length[1])
    if name == "watched" and (typed := _TYPED.fullmatch(value)):
        return f"{translated(language, TYPES[typed[1]])} {typed[2]}"
    words = VALUES.get(name, {})
    return translated(language, words[value]) if value in words else value
