"""What a closed account published is private until the account is open again (product §3.1).

What is private anyway is left alone, and so are the things of organisations.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.facts import closes, opens


def withhold(work: Work, fact: Fact, table: sa.Table) -> None:
    """Withhold what an account owns when it is closed, and give it back when it is opened.

    Args:
        table: of things with an `owner_id`, whether they are `private`, and whether that is
            because they are `withheld`.
    """
    if fact.subject_id is None:
        return
    if closes(fact):
        _set(work, fact.subject_id, table, private=True)
    elif opens(fact):
        _set(work, fact.subject_id, table, private=False)


def _set(work: Work, owner_id: int, table: sa.Table, *, private: bool) -> None:
    held = table.c.private if not private else sa.not_(table.c.private)
    theirs = sa.and_(table.c.owner_id == owner_id, held, table.c.withheld.is_(not private))
    work.db.execute(sa.update(table).where(theirs).values(private=private, withheld=private))
