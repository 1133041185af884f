"""What is asked of a list, and the place in an order where a page begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from strata.core.cursors import BAD_CURSOR, cursor_at, place_of
from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.repos.tables import repos

MAX_PAGE: Final = 1000
MAX_TERMS: Final = 200  # words and tags of one question; SQLite nests at most 1,000 conditions
LONGEST_TERM: Final = 1000  # characters
HEAVY: Final = frozenset({"siblings", "card_data", "config", "summaries"})  # long columns
LARGEST: Final = 2**63 - 1  # what a column of the database can hold

# Wire name → column. Every order ends in the id, so that it is total.
ORDERS: Final[dict[str, sa.Column[Any]]] = {
    "trendingScore": repos.c.trending,
    "createdAt": repos.c.created_at,
    "lastModified": repos.c.updated_at,
    "modified": repos.c.updated_at,
    "downloads": repos.c.downloads,
    "likes": repos.c.likes,
    "likes30d": repos.c.likes_30d,
    "num_parameters": repos.c.num_parameters,
    "mainSize": repos.c.main_size,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from one to another, both included."""

    low: int = 1  # nobody knows the parameters of those that have 0
    high: int = LARGEST


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a list; a repo must meet all of it."""

    type: RepoType
    search: tuple[str, ...] = ()  # every one must occur in the id
    author: str | None = None
    tags: tuple[str, ...] = ()  # every one must be there; case does not matter
    gated: bool | None = None
    parameters: Span | None = None
    impossible: bool = False  # asks for what no repo here has, such as an inference provider
    sort: str = "trendingScore"
    descending: bool = True
    limit: int = MAX_PAGE
    cursor: str | None = None
    heavy: frozenset[str] = HEAVY - {"siblings"}  # what rows shall hold of `HEAVY`

    @property
    def page(self) -> int:
        """How many rows a page holds."""
        return max(1, min(self.limit, MAX_PAGE))

    @property
    def order(self) -> sa.Column[Any]:
        return ORDERS[self.sort]

    @property
    def narrowed(self) -> bool:
        """Whether the list is less than everything of its type."""
        narrow = (self.gated is not None, self.parameters is not None, self.impossible)
        return any(self.terms) or any(narrow)

    @property
    def terms(self) -> tuple[str, ...]:
        return (*self.search, *self.tags, self.author or "")

    def check(self) -> None:
        """Insist on a known order and a bounded question.

        Raises:
            Malformed: an unknown order, or too much to search for.
        """
        if self.sort not in ORDERS:
            raise Malformed(f'"sort" must be one of [{", ".join(ORDERS)}]')
        terms = self.terms
        if len(terms) > MAX_TERMS or any(len(term) > LONGEST_TERM for term in terms):
            raise Malformed(
                f"Search for at most {MAX_TERMS} words and tags of up to {LONGEST_TERM} characters."
            )


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands in an order: what its column holds, as a number, and its id."""

    value: float
    id: int


def read_cursor(cursor: str | None) -> Place | None:
    """The place that a cursor names.

    Raises:
        Malformed: no page gave this cursor.
    """
    if not cursor:
        return None
    place = Place(*place_of(cursor, tuple[float, int]))
    if not (-LARGEST < place.value < LARGEST and -LARGEST < place.id < LARGEST):
        raise Malformed(BAD_CURSOR)
    return place


def write_cursor(place: Place) -> str:
    """The cursor of the page that begins behind a place."""
    return cursor_at((place.value, place.id))
