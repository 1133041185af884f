"""What belongs to an account."""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.repos.tables import repos


def owned_by(call: Call, owner_id: int) -> list[Repo]:
    """Every repo of an owner, by name; the door made sure that the caller may know of them."""
    statement = (
        sa.select(*(repos.c[name] for name in Repo.__dataclass_fields__))
        .where(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
        .order_by(repos.c.path_key, repos.c.type)
    )
    rows = call.db.execute(statement).mappings()
    return [Repo(**{**row, "type": RepoType(row["type"])}) for row in rows]
