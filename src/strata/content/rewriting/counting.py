"""The job that counts what git keeps of a repo, after history went away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strata.blobs.quota.small import note_small
from strata.content import queries
from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue
from strata.lib.git import read as git
from strata.repos import queries as records
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class CountSmall:
    """Add up the blobs that the refs of a repo reach, each once."""

    kind: ClassVar[str] = "content.small"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = records.repo_by_id(call, self.repo_id)
        if repo is None:
            return
        tips = [row.commit for row in queries.all_refs(call, repo.id)]
        path = call.hub.git_path(repo.key)
        size = sum(size for _, size in git.all_blobs(path, tips)) if tips else 0
        with working(call) as work:
            note_small(work, repo, size)


def count_small_later(work: Work, repo: Repo) -> None:
    """Queue the job for after this transaction."""
    enqueue(work, CountSmall(repo.id))
