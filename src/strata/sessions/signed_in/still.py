"""A session that is ended while a request of it is under way gives its person nothing any more."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Work
from strata.core.errors import Unauthenticated
from strata.sessions.signed_in.tables import sessions


def require_still(work: Work) -> None:
    """Insist that nobody has ended the caller's session, and have who wants to wait for this work.

    Whoever throws others out of an account takes away what they gave themselves: what is given
    after that would stay. Their person's row is taken first, as by whoever ends sessions.

    Raises:
        Unauthenticated: it has ended meanwhile.
    """
    people.locked(work, work.actor.user_id or 0)
    if not work.actor.session_id:  # a program, or an operator
        return
    here = sa.select(sessions.c.id).where(sessions.c.id == work.actor.session_id)
    if work.db.execute(here.with_for_update(read=True, key_share=True)).first() is None:
        raise Unauthenticated("Log in first.")
