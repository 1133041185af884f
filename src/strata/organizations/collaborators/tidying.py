"""Invitations to repos that nobody answered in time."""

from __future__ import annotations

import sqlalchemy as sa

from strata.core.call import Work
from strata.organizations.collaborators.tables import repo_invites


def forget_old(work: Work) -> None:
    """Forget what nobody can use any more, and the addresses in it."""
    work.db.execute(sa.delete(repo_invites).where(repo_invites.c.expires_at <= work.now))
