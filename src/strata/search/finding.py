"""How a page is found, whatever is asked: along the order, or from what is rare.

The cost of a walk is how many repos stand between two that match; the cost of collecting is how
many meet the rarest condition. One of the two is always small, but only walking shows which: a walk
goes on, stride by stride, until it has filled the page or has looked at as many repos as collecting
would. So a page costs the same wherever it begins.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from strata.accounts import names
from strata.core.call import Call
from strata.search import queries
from strata.search.queries import Condition, Ids
from strata.search.query import Place, Query, read_cursor

STRIDE: Final = 2_000  # repos that a walk looks at before it thinks again
GROWTH: Final = 4  # the next stride is so many times as long
FEW: Final = 1_000  # so many are collected without trying a walk
EVERYWHERE: Final = "region:us"  # every repo has it, so its count is that of all
MANY: Final = 5_000  # counting stops here
PLENTY: Final = 50_000  # what those are taken to be that were not counted to the end
RAREST: Final = 1e-9  # share of all repos; what is rarer is as rare
UNKNOWN: Final = 10_000  # what a word is taken to match


@dataclass(frozen=True, slots=True)
class Rare:
    """The rarest condition: the repos that meet it, and the tags that they thereby have."""

    ids: Ids
    size: int  # how many they are, roughly
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its names and tags looked up."""

    query: Query
    owner_id: int | None
    tags: tuple[str, ...]  # folded
    rare: Rare | None  # None: nothing narrows the list
    steps: float = 0.0  # that a walk takes at least, by chance

    def conditions(self, call: Call, *, collecting: bool = False) -> list[Condition]:
        """What a repo must meet; without what collecting has settled."""
        settled = self.rare.tags if collecting and self.rare else frozenset()
        looked_up = [tag for tag in self.tags if tag not in settled]
        return [
            *queries.met(self.query, self.owner_id),
            *(queries.tagged(call, self.query.type, tag) for tag in looked_up),
        ]


def find(call: Call, query: Query) -> list[Place]:
    """The places of a page, and of the row behind it if there is one."""
    after = read_cursor(query.cursor)
    asked = look_up(call, query)
    if asked is None:
        return []
    if asked.rare is not None and asked.rare.size <= max(FEW, asked.steps):
        return collected(call, asked, after)
    public = walked(call, asked, after)
    if public is None:
        return collected(call, asked, after)
    if call.actor.anonymous:
        return public
    theirs = queries.ids_hidden(call, query)
    looked_at = queries.collect(call, query, asked.conditions(call), after, theirs)
    return _merged(query, public, looked_at)


def total(call: Call, query: Query) -> int:
    """How many repos the question finds, of those that the caller may see."""
    asked = look_up(call, query)
    if asked is None:
        return 0
    conditions = asked.conditions(call, collecting=True)
    return queries.count(call, query, conditions, asked.rare.ids if asked.rare else None)


def few(call: Call, query: Query, most: int) -> list[int] | None:
    """The ids of all visible repos that match; None when they are more than `most`."""
    asked = look_up(call, query)
    if asked is None:
        return []
    conditions = asked.conditions(call, collecting=True)
    among = asked.rare.ids if asked.rare else None
    found = queries.matching(call, query, conditions, among, most + 1)
    return found if len(found) <= most else None


def look_up(call: Call, query: Query) -> Asked | None:
    """Look up the names and tags of a question; None when nothing can meet it."""
    if query.impossible or any("\0" in term for term in query.terms):
        return None  # no name or tag holds a NUL, and PostgreSQL refuses even to look for it
    owner = names.find(call, query.author) if query.author is not None else None
    if query.author is not None and owner is None:
        return None
    tags = tuple(dict.fromkeys(tag.lower() for tag in query.tags))
    counted = queries.tag_totals(call, query.type, (*tags, EVERYWHERE)) if tags else {}
    if any(tag not in counted for tag in tags):
        return None
    totals = {tag: counted[tag] for tag in tags}
    owner_id = owner.id if owner else None
    candidates = [
        *_by_tag(query, totals),
        *_by_column(call, query, owner_id),
        *_by_word(call, query),
    ]
    rare = min(candidates, key=lambda candidate: candidate.size, default=None)
    return Asked(query, owner_id, tags, rare, _steps(query, totals, counted.get(EVERYWHERE, 0)))


def _steps(query: Query, totals: Mapping[str, int], everything: int) -> float:
    """How many repos a walk passes until a page is full, if tags fall together by chance."""
    share = (
        math.prod(min(1.0, total / everything) for total in totals.values()) if everything else 1
    )
    return query.page / max(share, RAREST)


def _by_tag(query: Query, totals: Mapping[str, int]) -> list[Rare]:
    if not totals:
        return []
    tags = sorted(totals, key=lambda tag: totals[tag])
    return [Rare(queries.ids_tagged(query, tags), totals[tags[0]], frozenset(tags))]


def _by_column(call: Call, query: Query, owner_id: int | None) -> list[Rare]:
    found = []
    if owner_id is not None:
        found.append(queries.ids_owned(query, owner_id))
    if query.parameters is not None:
        found.append(queries.ids_sized(query))
    if query.gated:
        found.append(queries.ids_gated(query))
    sizes = [queries.at_most(call, ids, MANY) for ids in found]
    return [
        Rare(ids, size if size < MANY else PLENTY) for ids, size in zip(found, sizes, strict=True)
    ]


def _by_word(call: Call, query: Query) -> list[Rare]:
    longest = max(queries.words(query), key=len, default="")
    if not longest:
        return []
    named = queries.ids_named(call, query, longest)
    first = queries.first_of(call, named, FEW + 1)
    return [Rare(named, UNKNOWN) if len(first) > FEW else Rare(queries.ids_in(first), len(first))]


def collected(call: Call, asked: Asked, after: Place | None) -> list[Place]:
    """A page out of the repos that meet the rarest condition."""
    if asked.rare is None:
        raise ValueError(asked)
    conditions = asked.conditions(call, collecting=True)
    return queries.collect(call, asked.query, conditions, after, asked.rare.ids)


def walked(
    call: Call, asked: Asked, after: Place | None, *, stride: int = STRIDE
) -> list[Place] | None:
    """A page of public repos; None when collecting finds it sooner."""
    query, conditions = asked.query, asked.conditions(call)
    found: list[Place] = []
    steps, here = 0, after
    while asked.rare is None or steps < asked.rare.size:
        upto = queries.edge(call, query, here, stride) if asked.rare else None
        found += queries.walk(call, query, conditions, here, upto)
        if upto is None or len(found) > query.page:
            return found[: query.page + 1]
        steps, here = steps + stride, upto
        stride = max(1, min(stride * GROWTH, asked.rare.size - steps)) if asked.rare else stride
    return None


def _merged(query: Query, *runs: list[Place]) -> list[Place]:
    merged = heapq.merge(*runs, reverse=query.descending)
    return list(merged)[: query.page + 1]
