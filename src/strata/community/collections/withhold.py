"""The collections that a closed account published are private until it is open again."""

from __future__ import annotations

import sqlalchemy as sa

from strata.community.collections.tables import collections
from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.facts import closes, opens


def follow_standing(work: Work, fact: Fact) -> None:
    """Withhold what an account owns when it is closed, and give it back when it is opened."""
    if fact.subject_id is None:
        return
    if closes(fact):
        _set(work, fact.subject_id, private=True)
    elif opens(fact):
        _set(work, fact.subject_id, private=False)


def _set(work: Work, owner_id: int, *, private: bool) -> None:
    held = collections.c.private if not private else sa.not_(collections.c.private)
    theirs = sa.and_(
        collections.c.owner_id == owner_id, held, collections.c.withheld.is_(not private)
    )
    work.db.execute(sa.update(collections).where(theirs).values(private=private, withheld=private))
