"""Collections and their items as rooms and doors see them; slugs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from strata.access.policy.things import Thing
from strata.repos.record import Repo

MOST_ITEMS: Final = 1_000
LONGEST_TITLE: Final = 60  # characters
LONGEST_DESCRIPTION: Final = 150
LONGEST_NOTE: Final = 500

_KEY = re.compile(r"(?:.*-)?([0-9a-f]{24})")


class Theme(StrEnum):
    """The colour of a collection."""

    ORANGE = "orange"
    BLUE = "blue"
    GREEN = "green"
    PURPLE = "purple"
    PINK = "pink"
    INDIGO = "indigo"


@dataclass(frozen=True, slots=True)
class Owner:
    """The person or organisation that a collection belongs to."""

    id: int
    public_id: str  # 24 hex
    name: str
    full_name: str
    is_organization: bool


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection; whoever holds it was allowed to see it."""

    id: int
    key: str  # 24 hex
    owner: Owner
    title: str
    description: str
    private: bool
    theme: Theme
    upvotes: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime

    @property
    def owner_id(self) -> int:
        return self.owner.id

    # The policy asks this of everything it governs.
    @property
    def thing(self) -> Thing:
        return Thing.COLLECTION

    @property
    def disabled(self) -> bool:
        """Collections are never taken down."""
        return False

    @property
    def gated(self) -> None:
        """No gate stands before a collection; those of the repos in it keep their bytes."""
        return

    @property
    def gate_members(self) -> bool:
        return False

    @property
    def slug(self) -> str:
        """`owner/words-of-the-title-<key>`."""
        words = "-".join([*_words(self.title), self.key])
        return f"{self.owner.name}/{words}"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a collection, which the caller may see."""

    key: str  # 24 hex
    note: str
    target: Repo | Collection


@dataclass(frozen=True, slots=True)
class Shown:
    """A collection with what the caller may see of it; items in their order."""

    collection: Collection
    items: tuple[Item, ...]
    upvoted: bool  # by the caller


def key_in(slug: str) -> str | None:
    """The key at the end of a slug, which alone decides; None when there is none.

    Titles change and owners are renamed: the rest of a slug is for people.
    """
    found = _KEY.fullmatch(slug.rpartition("/")[2])
    return found[1] if found else None


def _words(title: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)
