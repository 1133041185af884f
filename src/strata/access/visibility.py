"""What a caller may see, as a condition that the database evaluates.

Lists, counts and searches put it into their WHERE, so a private repo leaks by no count, cursor or
order.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.access.policy import namespaces_with
from strata.core.actor import Actor, Role


def visible(
    actor: Actor, *, private: sa.ColumnElement[bool], owner_id: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.may_see` is true."""
    if actor.system:
        return sa.true()
    public = private.is_(sa.false())
    readable = namespaces_with(actor, Role.READ)
    return sa.or_(public, owner_id.in_(readable)) if readable else public
