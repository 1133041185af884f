"""What somebody wrote, counted as far as the caller may see it."""

from __future__ import annotations

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.community.discussions.tables import discussions
from strata.core.call import Call
from strata.repos.tables import repos


def count_discussions(call: Call, user_id: int) -> int:
    """How many discussions and pull requests somebody opened."""
    shown = visible(call.actor, repos)
    statement = (
        sa.select(sa.func.count())
        .select_from(discussions)
        .join(repos, repos.c.id == discussions.c.repo_id)
        .where(discussions.c.author_id == user_id, repos.c.deleted_at.is_(None), shown)
    )
    return call.db.scalar(statement) or 0
