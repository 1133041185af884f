"""Upvotes: one per person and collection, doing it twice is fine.

The trending score is the logarithm of all votes, each worth twice as much as one a week older.
Ages all grow alike, so the order of two scores never changes by the passing of time: the column
can be indexed and needs no job.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from strata.access.policy.verbs import Action
from strata.community.collections import queries
from strata.community.collections.edit import find
from strata.core.call import Work
from strata.lib.db.columns import to_millis

HALF_LIFE_MS: Final = 7 * 24 * 3600 * 1000


def upvote(work: Work, slug: str, *, wanted: bool) -> int:
    """Vote for a collection, or take the vote back; how many votes it has now.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `collections.edit.find`.
    """
    collection = find(work, slug, Action.DISCUSS)
    queries.locked(work, collection.id)
    if wanted:
        queries.add_vote(work, collection.id)
    else:
        queries.take_vote(work, collection.id)
    moments = queries.vote_moments(work, collection.id)
    queries.count_votes(work, collection.id, upvotes=len(moments), trending=score(moments))
    return len(moments)


def score(moments: Iterable[datetime]) -> float:
    """The trending score of votes given at these times; 0 without any."""
    weeks = [to_millis(moment) / HALF_LIFE_MS for moment in moments]
    if not weeks:
        return 0.0
    newest = max(weeks)
    return newest + math.log2(sum(2.0 ** (week - newest) for week in weeks))
