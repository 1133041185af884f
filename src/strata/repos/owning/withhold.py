"""What a closed account published is private until the account is open again (product §3.1).

Repos that are private anyway are left alone, and so are those of organisations. A listener, so that
it happens in the transaction that closes the account.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.facts import closes, opens
from strata.repos.tables import repos


def follow_standing(work: Work, fact: Fact) -> None:
    """Withhold what an account owns when it is closed, and give it back when it is opened."""
    if fact.subject_id is None:
        return
    if closes(fact):
        _set(work, fact.subject_id, private=True)
    elif opens(fact):
        _set(work, fact.subject_id, private=False)


def _set(work: Work, owner_id: int, *, private: bool) -> None:
    held = repos.c.private if not private else sa.not_(repos.c.private)
    theirs = sa.and_(repos.c.owner_id == owner_id, held, repos.c.withheld.is_(not private))
    work.db.execute(sa.update(repos).where(theirs).values(private=private, withheld=private))
