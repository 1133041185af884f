"""What a caller may see, as a condition that the database evaluates.

Lists, counts and searches put it into their WHERE, so a private repo leaks by no count, cursor or
order.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.actor import Actor


def visible(
    actor: Actor, *, private: sa.ColumnElement[bool], owner_id: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.may_see` is true."""
    if actor.system:
        return sa.true()
    if actor.user_id is None:
        return private.is_(sa.false())
    return sa.or_(private.is_(sa.false()), owner_id == actor.user_id)
