"""How much is unread, for the bell of each page.

It is asked for every page of everybody who is logged in, so the statement is kept as text: one walk
over the index of what is unread, and the rights of the person stand in its parameters.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Final

import sqlalchemy as sa

from strata.access.policy.persons import reads_own
from strata.access.visibility import Sight, governed_by, opened_to, seen, sight_of
from strata.community.inbox.knowing import Rights, joined, known_with, owner_of
from strata.community.inbox.tables import notifications
from strata.core.call import Call
from strata.lib.db.database import Prepared
from strata.lib.db.rendered import among, listed, rendered
from strata.repos.tables import repos

MOST: Final = 100  # that are counted; pages write "99+"
# Rows of one person, among them what they may no longer know.
_LOOKED_AT: Final = sa.literal_column("1000", sa.Integer())
_FROM_THE_START: Final = sa.literal_column("0", sa.Integer())  # SQLite would take it as a value
_COLUMNS: Final = ("repo_id", "discussion_id", "namespace_id", "for_managers")


def unread(call: Call) -> int:
    """How many unread notifications the caller has and may know of, at most `MOST`; nobody: 0.

    So does a token that may not read the inbox: the page that asks shows no error.
    """
    actor, sqlite = call.actor, call.hub.database.sqlite
    if actor.user_id is None or not reads_own(actor):
        return 0
    opened = opened_to(actor)
    values: dict[str, object] = {
        field.name: listed(getattr(opened, field.name), sqlite=sqlite) for field in fields(opened)
    }
    values |= {"user_id": actor.user_id, "governed": listed(governed_by(actor), sqlite=sqlite)}
    statement = _statement(sight_of(actor, opened), whole=actor.grants is None, sqlite=sqlite)
    return min(int(statement.row(call.db, values)[0]), MOST)


@cache
def _statement(sight: Sight, *, whole: bool, sqlite: bool) -> Prepared:
    rows = (
        sa.select(*(notifications.c[name] for name in _COLUMNS))
        .where(notifications.c.user_id == sa.bindparam("user_id", type_=sa.BigInteger()))
        .where(notifications.c.unread)
        .limit(_LOOKED_AT)
        .offset(_FROM_THE_START)
        .subquery()
    )
    sees = seen(sight, repos, lambda column, name: among(column, name, sqlite=sqlite))
    decides = among(owner_of(rows), "governed", sqlite=sqlite)
    counted = sa.select(sa.func.count()).select_from(joined(rows))
    return rendered(counted.where(known_with(Rights(sees, decides, whole), rows)), sqlite=sqlite)
