"""How many repos a namespace shows to the caller."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.core.call import Call
from strata.core.names import RepoType
from strata.repos.tables import repos


def counts_by_type(call: Call, namespace_id: int) -> Mapping[RepoType, int]:
    """The number of repos of each type."""
    shown = visible(call.actor, repos)
    rows = call.db.execute(
        sa.select(repos.c.type, sa.func.count())
        .where(repos.c.owner_id == namespace_id, repos.c.deleted_at.is_(None), shown)
        .group_by(repos.c.type)
    )
    counted = {RepoType(kind): int(number) for kind, number in rows}
    return {kind: counted.get(kind, 0) for kind in RepoType}
