"""What the account pages say about rules that were broken, by the rooms' message keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from babel.dates import format_timedelta

from strata.core.errors import InvalidFields
from strata.web.pages.words.language import N_, locale_name, sentences, translated
from strata.web.pages.words.phrases import ERRORS
from strata.web.pages.words.rules.organizations import ORGANIZATIONS
from strata.web.pages.words.rules.people import PEOPLE
from strata.web.pages.words.rules.programs import PROGRAMS

ACCOUNT_ERRORS: Final[Mapping[str, str]] = MappingProxyType({**PEOPLE, **ORGANIZATIONS, **PROGRAMS})
SECONDS_SHOWN: Final = 120  # longer waits are told in minutes
MINUTES_SHOWN: Final = 120  # longer ones in hours


def phrase(language: str, key: str, **values: object) -> str:
    """Say what a message key means in the reader's language.

    Raises:
        KeyError: no sentence has that key, or a value of the sentence is missing.
    """
    sentence = ACCOUNT_ERRORS.get(key) or ERRORS[key]
    return translated(language, sentence, **values)


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong with a form, in the reader's language: one sentence a broken rule."""

    summary: tuple[tuple[str, str], ...] = ()  # field, sentence
    language: str = "en"

    def of(self, name: str) -> str:
        """All that is wrong with one field."""
        return sentences(self.language, (said for field, said in self.summary if field == name))


NOTHING_WRONG: Final = Told()
CLOSED: Final = "auth.suspended"
WHO_RUNS_IT: Final = N_("the people who run this site")


def told(language: str, error: InvalidFields, **values: object) -> Told:
    """Say every broken rule of every field."""
    return Told(
        tuple(
            (name, phrase(language, key, **{**error.values, **values}))
            for name, keys in error.fields.items()
            for key in keys
        ),
        language,
    )


def closed_text(language: str, reason: str, contact: str) -> str:
    """Tell somebody that their account is suspended, why, and whom they may ask.

    Args:
        reason: as an operator wrote it; empty: they are told none.
        contact: of those who run the hub; empty: they are known.
    """
    whom = contact or translated(language, WHO_RUNS_IT)
    if not reason:
        return phrase(language, "auth.closed", contact=whom)
    return phrase(language, CLOSED, reason=reason.rstrip(".。"), contact=whom)


def wait_text(language: str, seconds: int) -> str:
    """Say how long to wait, never less than it is: `40 seconds`, `3 minutes`, `2 小时`."""
    if seconds > SECONDS_SHOWN:
        minutes = math.ceil(seconds / 60)
        seconds = minutes * 60 if minutes <= MINUTES_SHOWN else math.ceil(minutes / 60) * 3600
    # The threshold keeps 90 seconds from being told as "2 minutes".
    threshold = SECONDS_SHOWN / 60 + 0.01 if seconds < MINUTES_SHOWN * 60 else 1
    spoken = format_timedelta(
        timedelta(seconds=seconds), threshold=threshold, locale=locale_name(language)
    )
    return str(spoken)
