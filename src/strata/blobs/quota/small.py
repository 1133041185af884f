"""What git itself keeps of a repo counts too: every version of a small file, by its own bytes.

Added in the transaction that moves the ref, so that uploads at once do not pass together. Where
history goes away (a squash, a rewriting, a deleted branch) a job counts what is still reached.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.plans.tables import usages
from strata.blobs.quota.room import require_room, tell_fullness
from strata.blobs.quota.usage import lock, recount
from strata.blobs.tables import git_sizes
from strata.core.call import Work
from strata.lib.db.statements import upsert
from strata.repos.record import Repo


def give_small(work: Work, repo: Repo, size: int) -> None:
    """Count bytes that a commit or a push has brought to git.

    Raises:
        OverQuota: they do not fit; the transaction must not be committed.
    """
    if size <= 0:
        return
    lock(work, repo.owner_id)
    require_room(work, repo, size)
    fresh = upsert(work.db, git_sizes).values(repo_id=repo.id, bytes=size)
    grown = {"bytes": git_sizes.c.bytes + fresh.excluded.bytes}
    work.db.execute(fresh.on_conflict_do_update(index_elements=["repo_id"], set_=grown))
    here = sa.and_(usages.c.owner_id == repo.owner_id, usages.c.private == repo.private)
    work.db.execute(sa.update(usages).where(here).values(bytes=usages.c.bytes + size))
    tell_fullness(work, repo)


def note_small(work: Work, repo: Repo, size: int) -> None:
    """Write down what was counted, and let the owner's figure follow."""
    fresh = upsert(work.db, git_sizes).values(repo_id=repo.id, bytes=size)
    told = {"bytes": fresh.excluded.bytes}
    work.db.execute(fresh.on_conflict_do_update(index_elements=["repo_id"], set_=told))
    recount(work, repo.owner_id)
