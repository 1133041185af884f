"""A question with its names and tags looked up, and what is known of how many meet it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from strata.access.visibility import Opened, opened_to, sight_of
from strata.accounts.naming import names
from strata.core.call import Call
from strata.lib.db.rendered import listed
from strata.search.bits import bits_of
from strata.search.finding import queries
from strata.search.finding.shape import GRAM, Shape, Source
from strata.search.query import Place, Query, read_cursor

EVERYWHERE: Final = "region:us"  # every repo has it, so its count is that of all
MANY: Final = 5_000  # counting stops here
PLENTY: Final = 50_000  # what those are taken to be that were not counted to the end
RAREST: Final = 1e-9  # share of all repos; what is rarer is as rare


@dataclass(frozen=True, slots=True)
class Asked:
    """What to run, and what it is likely to cost."""

    query: Query
    shape: Shape
    values: Mapping[str, object]  # of the parameters of all statements of the shape
    rare: Source | None  # the rarest condition that was counted; None: there is none
    size: int  # how many repos meet it, roughly
    steps: float  # that a walk takes, if tags fall together by chance
    everything: int  # repos of the type, roughly


@dataclass(frozen=True, slots=True)
class Terms:
    """The tags of a question and who has them."""

    tags: tuple[str, ...]  # folded, the rarest first
    totals: tuple[int, ...]  # repos that have each
    everything: int  # repos of the type, roughly

    @property
    def share(self) -> float:
        """Of all repos, those that meet all of it, if tags fall together by chance."""
        if not self.everything:
            return 1.0
        return math.prod(min(1.0, total / self.everything) for total in self.totals)


def look_up(call: Call, query: Query) -> Asked | None:
    """Look up the names and tags of a question; None when nothing can meet it."""
    after = read_cursor(query.cursor)
    if query.impossible or any("\0" in term for term in query.terms):
        return None  # no name or tag holds a NUL, and PostgreSQL refuses even to look for it
    owner = names.find(call, query.author) if query.author is not None else None
    if query.author is not None and owner is None:
        return None
    terms = _terms(call, query) if query.narrowed else Terms((), (), 0)
    if terms is None:
        return None
    opened = opened_to(call.actor)
    shape = _shape(call, query, after, opened)
    values = _values(query, terms.tags)
    values |= {
        field.name: listed(getattr(opened, field.name), sqlite=shape.sqlite)
        for field in fields(opened)
    }
    values |= {"owner_id": owner.id} if owner else {}
    values |= {"after_value": _number(query, after), "after_id": after.id} if after else {}
    size, rare = min(_sizes(call, shape, values, terms), default=(0, None))
    steps = query.page / max(terms.share, RAREST)
    return Asked(query, shape, values, rare, size, steps, terms.everything)


def _terms(call: Call, query: Query) -> Terms | None:
    """The tags of a question; None when nobody has one of them."""
    asked = {tag.lower() for tag in query.tags}
    counted = queries.tag_totals(call, query.type, [*asked, EVERYWHERE])
    if not asked <= counted.keys():
        return None
    tags = tuple(sorted(asked, key=lambda tag: (counted[tag], tag)))
    return Terms(tags, tuple(counted[tag] for tag in tags), counted.get(EVERYWHERE, 0))


def _shape(call: Call, query: Query, after: Place | None, opened: Opened) -> Shape:
    return Shape(
        sqlite=call.hub.database.sqlite,
        sort=query.sort,
        descending=query.descending,
        resumed=after is not None,
        words=len(query.search),
        pieces=any(len(word) >= GRAM for word in query.search),
        tags=len({tag.lower() for tag in query.tags}),
        owned=query.author is not None,
        sized=query.parameters is not None,
        gated=query.gated,
        sight=sight_of(call.actor, opened),
    )


def _values(query: Query, tags: tuple[str, ...]) -> dict[str, object]:
    words = [word.lower() for word in query.search]
    span = query.parameters
    return {
        "type": query.type.value,
        "page": query.page + 1,
        "bits": bits_of(tags),
        "pieces": _pieces(words),
        **{f"tag_{number}": tag for number, tag in enumerate(tags)},
        **{f"word_{number}": _anywhere(word) for number, word in enumerate(words)},
        **({"low": span.low, "high": span.high} if span else {}),
    }


def _anywhere(word: str) -> str:
    """A pattern of LIKE for whatever holds the word; `/` stands before what would mean more."""
    escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f"%{escaped}%"


def _pieces(words: list[str]) -> str:
    """What SQLite's index of names is asked for: every piece of every word."""
    pieces = {word[at : at + GRAM] for word in words for at in range(len(word) - GRAM + 1)}
    return " ".join('"{}"'.format(piece.replace('"', '""')) for piece in sorted(pieces))


def _number(query: Query, place: Place) -> float:
    """The value of a place as its column holds it."""
    return place.value if query.sort == "trendingScore" else int(place.value)


def _sizes(
    call: Call, shape: Shape, values: Mapping[str, object], terms: Terms
) -> list[tuple[int, Source]]:
    """How many repos meet each condition from which repos can be collected."""
    columns = {Source.OWNER: shape.owned, Source.SIZE: shape.sized, Source.GATE: shape.gated}
    found = [(terms.totals[0], Source.TAGS)] if terms.tags else []
    for source in (source for source, wanted in columns.items() if wanted):
        size = queries.at_most(call, shape, source, {**values, "bound": MANY})
        found.append((size if size < MANY else PLENTY, source))
    return found
