"""What else changes the figure of an owner: repos that go, change their owner or their visibility.

Told within the transaction of the act, which is refused when the new place has no room.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.accounts.plans.grants import holders
from strata.accounts.plans.quotas import NO_LIMIT, quotas_of
from strata.blobs.quota.room import shown
from strata.blobs.quota.telling import settle_told
from strata.blobs.quota.usage import noted, recount, recount_later
from strata.core.call import Work
from strata.core.errors import OverQuota
from strata.events.facts import Fact
from strata.repos import queries
from strata.repos.record import Repo
from strata.repos.tables import repos

ROOM_CHANGES: Final = frozenset({"quota.plan_change", "quota.override"})


def settle(work: Work, fact: Fact) -> None:
    """Keep the figures true (a `Listener`).

    Raises:
        OverQuota: a repo that moves or changes its visibility does not fit where it shall be.
    """
    if fact.name in ROOM_CHANGES and fact.subject_id is not None:
        settle_told(work, [fact.subject_id])
    elif fact.name == "admin.plan_update":
        settle_told(work, holders(work, fact.target or ""))
    if fact.repo_id is None:
        return
    if fact.name == "repo.delete":
        recount_later(work, _owner_of(work, fact.repo_id))
    elif fact.name == "repo.update_settings" and "private" in fact.detail:
        _settled(work, fact.repo_id)
    elif fact.name == "repo.move":
        repo, before = _settled(work, fact.repo_id), fact.detail.get("from_owner")
        if isinstance(before, int) and before != repo.owner_id:
            recount_later(work, before)


def _settled(work: Work, repo_id: int) -> Repo:
    repo = queries.repo_by_id(work, repo_id)
    if repo is None:
        raise LookupError(repo_id)
    before = noted(work, repo.owner_id).get(repo.private, 0)
    after = recount(work, repo.owner_id).storage(private=repo.private)
    total = quotas_of(work, repo.owner_id).storage(private=repo.private)
    if total != NO_LIMIT and after > max(before, total):
        kind = "private" if repo.private else "public"
        raise OverQuota(
            f"With this repository {repo.namespace} would have {shown(after)} of {kind} storage,"
            f" and may have {shown(total)}."
            " Free space or ask for more under Settings, Plan & quota.",
            need=shown(after - before),
            left=shown(max(0, total - before)),
            total=shown(total),
        )
    return repo


def _owner_of(work: Work, repo_id: int) -> int:
    return int(
        work.db.execute(sa.select(repos.c.owner_id).where(repos.c.id == repo_id)).scalar_one()
    )
