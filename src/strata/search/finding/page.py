"""How a page is found, whatever is asked: along the order, or from what is rare.

The cost of a walk is how many repos stand between two that match; the cost of collecting is how
many meet the rarest condition. A walk is given as many steps as collecting would cost, and where it
does not fill the page within them the page is collected. So a page costs the same wherever it
begins.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

from strata.core.call import Call
from strata.search.finding import queries
from strata.search.finding.asked import Asked, look_up
from strata.search.finding.shape import Source
from strata.search.query import Place, Query

FEW: Final = 1_000  # so many are collected without trying a walk
GLANCE: Final = 1_000  # steps of the first walk that looks at names
CLOSE: Final = 6_000  # steps of the second at most
FEW_NAMES: Final = 3_000  # so many repos are collected by their names
UNKNOWN: Final = 10_000  # what names are taken to match where nobody asked
STEPS: Final = 8  # of a walk cost as much as collecting one repo
TO_THE_END: Final = 2**62  # steps


def find(call: Call, query: Query) -> list[Place]:
    """The places of a page, and of the row behind it if there is one."""
    asked = look_up(call, query)
    if asked is None:
        return []
    if asked.rare is not None and asked.size <= FEW:
        return collected(call, asked, asked.rare)
    public = glanced(call, asked) if query.search else None
    if public is None and query.search:
        named = queries.collect_few(call, asked.shape, Source.NAME, asked.values, FEW_NAMES)
        if named is not None:
            return named
    if public is None:
        public = walked(call, asked, steps_for(asked))
    if public is None and asked.rare is not None:
        return collected(call, asked, asked.rare)
    return _with_hidden(call, asked, public or [])


def total(call: Call, query: Query) -> int:
    """How many repos the question finds, of those that the caller may see."""
    asked = look_up(call, query)
    if asked is None:
        return 0
    return queries.count(call, asked.shape, _rarest(asked), asked.values)


def few(call: Call, query: Query, most: int) -> list[int] | None:
    """The ids of all visible repos that match; None when they are more than `most`."""
    asked = look_up(call, query)
    if asked is None:
        return []
    found = queries.matching(call, asked.shape, _rarest(asked), asked.values, most + 1)
    return found if len(found) <= most else None


def steps_for(asked: Asked) -> int:
    """How far a walk may go before collecting is cheaper; 0: it need not begin."""
    if asked.rare is None:
        return TO_THE_END
    # Names are not in the index of an order, so each step looks at a row.
    steps = asked.size * (1 if asked.shape.words else STEPS)
    if steps >= asked.everything:
        return TO_THE_END
    return steps if asked.steps <= steps else 0


def walked(call: Call, asked: Asked, steps: int) -> list[Place] | None:
    """A page of public repos; None when these steps do not fill it."""
    found = queries.walk(call, asked.shape, asked.values, steps) if steps else []
    return found if len(found) > asked.query.page or steps == TO_THE_END else None


def glanced(call: Call, asked: Asked) -> list[Place] | None:
    """A page of public repos where names that match stand close together; None where they do not.

    How close they stand is not known before some were looked at.
    """
    found = queries.walk(call, asked.shape, asked.values, GLANCE)
    wanted = asked.query.page + 1
    if len(found) >= wanted:
        return found
    enough = 2 * GLANCE * wanted // max(1, len(found))  # twice as many as it seems to take
    return walked(call, asked, enough) if enough <= CLOSE else None


def collected(call: Call, asked: Asked, source: Source) -> list[Place]:
    """A page out of the repos that meet one condition."""
    return queries.collect(call, asked.shape, source, asked.values)


def _with_hidden(call: Call, asked: Asked, public: Iterable[Place]) -> list[Place]:
    """A page of public repos, and of those that the caller sees besides."""
    if call.actor.anonymous:
        return list(public)
    hidden = collected(call, asked, Source.HIDDEN)
    merged = heapq.merge(public, hidden, reverse=asked.query.descending)
    return list(merged)[: asked.query.page + 1]


def _rarest(asked: Asked) -> Source | None:
    """Where counting begins."""
    if asked.query.search and (asked.rare is None or asked.size > UNKNOWN):
        return Source.NAME
    return asked.rare
