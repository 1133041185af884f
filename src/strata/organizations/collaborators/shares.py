"""The repos on which a request's person is a collaborator, for its `Actor`.

The statements that read a token, a session or a key say by `SOME` whether there are any, so that
nobody else is asked for them; and they are read anew each time, so that a role ends with its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from strata.accounts.factors.demand import WIDTH, demand_of
from strata.core.actor import Actor, Role, Share
from strata.core.call import Call
from strata.core.hub import Hub
from strata.lib.db.database import Prepared
from strata.organizations.collaborators.tables import collaborators
from strata.organizations.roles import roles_of

# Of `users u`.
SOME: Final = "EXISTS (SELECT 1 FROM collaborators s WHERE s.user_id = u.id)"
# A row for each repo; it ends with what its organisation asks of the person, as `demand_of` reads.
COLUMNS: Final = (
    "s.repo_id, s.role, r.owner_id, u.has_factor, u.admin, u.created_at, o.id, o.factor_from"
)
FROM: Final = (
    "FROM collaborators s JOIN users u ON u.id = s.user_id"
    " JOIN repos r ON r.id = s.repo_id AND r.deleted_at IS NULL"
    " LEFT JOIN organizations o ON o.id = r.owner_id"
)
_REPOS: Final = sa.table("repos", sa.column("id"), sa.column("owner_id"), sa.column("deleted_at"))
_OF = Prepared(f"SELECT {COLUMNS} {FROM} WHERE s.user_id = :user_id")


def with_shares(db: Connection, hub: Hub, actor: Actor) -> Actor:
    """The same person with what they work on elsewhere."""
    rows = _OF.rows(db, {"user_id": actor.user_id})
    return given(hub, actor, rows)


def given(hub: Hub, actor: Actor, rows: Sequence[Sequence[Any]], *, asked: bool = True) -> Actor:
    """The same person with what rows of `COLUMNS` say.

    Args:
        asked: whether their organisations may want a second factor of them.
    """
    if not rows:
        return actor
    shares = {repo_id: Share(Role(role), owner_id) for repo_id, role, owner_id, *_ in rows}
    if not asked:
        return replace(actor, shares=shares)
    demand = demand_of(hub, (row[-WIDTH:] for row in rows))
    due = min((at for at in (actor.factor_due, demand.due) if at is not None), default=None)
    return replace(actor, shares=shares, closed=actor.closed | demand.closed, factor_due=due)


def works_for(
    namespace_id: sa.ColumnElement[int] | int, user_id: sa.ColumnElement[int] | int
) -> sa.ColumnElement[bool]:
    """The condition under which somebody works on a living repo of a namespace."""
    return sa.exists().where(
        collaborators.c.user_id == user_id,
        collaborators.c.repo_id == _REPOS.c.id,
        _REPOS.c.owner_id == namespace_id,
        _REPOS.c.deleted_at.is_(None),
    )


def stand_in(call: Call, user_id: int) -> Actor:
    """A person as their session would be, for who acts for them without credentials."""
    person = Actor(user_id=user_id, verified=True, roles=roles_of(call, user_id))
    return with_shares(call.db, call.hub, person)
