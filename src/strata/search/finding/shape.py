"""What the statement of a question depends on, and what it does not.

Two questions of one shape run the same text with other values; `search/finding/queries.py` keeps
the texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from strata.access.visibility import Sight

GRAM: Final = 3  # letters of the pieces by which ids are indexed


class Source(IntEnum):
    """Where repos can be collected from: those that meet one condition."""

    TAGS = 1  # every tag that is asked for
    OWNER = 2
    SIZE = 3
    GATE = 4
    NAME = 5
    HIDDEN = 6  # private, and shown to the caller


@dataclass(frozen=True, slots=True)
class Shape:
    """What is asked, without what it is compared with."""

    sqlite: bool
    sort: str
    descending: bool
    resumed: bool  # behind a place
    words: int
    pieces: bool  # some word is long enough for the index of names
    tags: int
    owned: bool
    sized: bool
    gated: bool | None
    sight: Sight
