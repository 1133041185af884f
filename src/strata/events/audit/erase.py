"""Take a person out of the log, who has left: what happened stays, who and from where goes."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.audit.sealing.chain import IMPERSONAL
from strata.events.tables import facts

ERASING: Final = ("account.delete", "account.purge")  # the facts that give the reason


def erase(work: Work, user_id: int) -> None:
    """Empty the personal parts of what a person did, what concerned them, and what they owned.

    Record one of `ERASING` in the same transaction, with the person as its subject: before this,
    and it is emptied too; or after it, saying nothing of them. Ids stay: with
    the account gone they name nobody.
    """
    theirs = sa.or_(
        facts.c.actor_id == user_id,
        facts.c.subject_id == user_id,
        facts.c.owner_id == user_id,
    )
    here = sa.and_(theirs, sa.not_(facts.c.erased))
    empty = {"target": None, "ip": "", "user_agent": "", "salt": None, "erased": True}
    impersonal = facts.c.name.in_(IMPERSONAL)
    work.db.execute(sa.update(facts).where(here, impersonal).values(**empty))
    work.db.execute(sa.update(facts).where(here, sa.not_(impersonal)).values(**empty, detail={}))
