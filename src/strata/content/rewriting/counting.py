"""What git keeps of a repo is counted again where history went away, and the disk follows.

A squash, a rewriting, a forced push and a deleted branch let go of commits. The owner's figure
follows at once, as it does with large files; the bytes themselves go with a repack once nothing
that is about to land can need them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from strata.blobs.quota.small import note_small
from strata.content import queries
from strata.content.rewriting.repacking import repack_later
from strata.core.call import Call, Work, working
from strata.events.facts import Fact
from strata.events.jobs import enqueue
from strata.lib.git import read as git
from strata.repos import queries as records
from strata.repos.landed import How

_COUNTED_ANYWAY: Final = frozenset({How.SQUASH.value, How.REWRITE.value})


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
            if records.stands_at(work, repo.id, repo.generation):
                note_small(work, repo, size)
            else:  # what landed meanwhile was counted on top of the figure, not in ours
                enqueue(work, self)


def follow_refs(work: Work, fact: Fact) -> None:
    """Have counted again where a ref went back, aside or away (a `Listener`)."""
    moves = fact.detail.get("refs")
    if fact.name != "repo.content" or fact.repo_id is None or not isinstance(moves, list):
        return
    if fact.detail.get("how") in _COUNTED_ANYWAY:
        return
    if any(move.get("forced") or not move["new"] for move in moves):
        history_went(work, fact.repo_id)


def history_went(work: Work, repo_id: int) -> None:
    """Count what is left after this transaction, and free the disk when that is safe."""
    enqueue(work, CountSmall(repo_id))
    repack_later(work, repo_id)
