"""Repos that the form for a token offers while somebody types."""

from __future__ import annotations

import re
from typing import Final

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.community.tokens.choosing import MOST, near
from strata.core.call import Call
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.search.listing import listing
from strata.search.query import Query

LONGEST: Final = 200  # characters of what was typed
MOST_WORDS: Final = 6
_ADDRESS: Final = re.compile(r"https?://[^/]*/")  # of a page, before what it shows


def offered(call: Call, typed: str, owner: str = "") -> list[Repo]:
    """The repos that somebody may read whose names hold what they type, their own ones first.

    Args:
        typed: words of `owner/name`, after the word for a kind such as `datasets/`, or nothing.
        owner: only of this namespace, and of what the person works on.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `community.tokens.choosing.near`.
    """
    kinds, words = _asked(typed[:LONGEST])
    found = {repo.id: repo for repo in near(call, kinds, words, owner)}
    if words and not owner:
        for kind in kinds if len(found) < MOST else ():
            query = Query(type=kind, search=words, limit=MOST, heavy=frozenset())
            rows = (row.repo for row in listing(call, query).rows)
            found |= {one.id: one for one in rows if admits(call, Action.READ, one)}
    return list(found.values())[:MOST]


def _asked(typed: str) -> tuple[tuple[RepoType, ...], tuple[str, ...]]:
    """The kinds and the words that were typed."""
    kinds = {kind.plural: kind for kind in RepoType}
    path = _ADDRESS.sub("", typed.strip())
    first, slash, rest = path.partition("/")
    named = bool(slash) and first in kinds
    words = (rest if named else path).casefold().split()
    return (kinds[first],) if named else tuple(RepoType), tuple(words[:MOST_WORDS])
