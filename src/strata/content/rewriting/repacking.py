"""The job that drops what no ref reaches any more from a repo's git store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from strata.core.call import Call, Work
from strata.events.jobs import enqueue
from strata.lib.git import write as git
from strata.repos import queries as records
from strata.repos.projection import shown

# Younger packs may belong to a commit that is about to land (lib/git/upkeep/repack.py).
GRACE: Final = timedelta(days=1)
SLACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RepackRepo:
    """Write one pack of what the refs reach; old packs with anything else in them go."""

    kind: ClassVar[str] = "content.repack"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = records.repo_by_id(call, self.repo_id)
        if repo is None:
            return
        path = call.hub.git_path(repo.key)
        now = call.now.timestamp()
        git.repack(path, lambda: [ref.oid for ref in shown(call, repo)], now, GRACE.total_seconds())
        git.sweep(path, now, GRACE.total_seconds())


def repack_later(work: Work, repo_id: int) -> None:
    """Queue the job for when everything that is there now is old enough to go."""
    # One for each day: a job that is queued again becomes due later, and so might never be.
    key = f"{RepackRepo.kind}:{repo_id}:{work.now:%Y-%m-%d}"
    enqueue(work, RepackRepo(repo_id), key=key, after=GRACE + SLACK)
