"""What a sweep would remove, found by reading alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from strata.blobs import pointer
from strata.blobs.queries import in_batches
from strata.blobs.sweeping import queries as sweep_queries
from strata.blobs.sweeping.queries import DeadRepo, Marked
from strata.core.call import Call
from strata.core.names import Oid
from strata.lib.git.model import ObjectMissing
from strata.lib.git.reading.blobs import all_blobs, read_blobs

POINTERS_AT_ONCE = 1_000
SMALLEST_POINTER_BYTES = 100  # version line and oid line alone are longer


@dataclass(frozen=True, slots=True)
class Claims:
    """Files that repos were given and no longer refer to."""

    living: list[tuple[Marked, list[Oid]]]
    dead: list[tuple[DeadRepo, list[Oid]]]
    unreadable: list[str]  # keys of repos whose history has a hole: all their files stay

    def pairs(self) -> Iterator[tuple[int, Oid]]:
        """Yield (repo, file) of each."""
        for living, oids in self.living:
            yield from [(living.id, oid) for oid in oids]
        for dead, oids in self.dead:
            yield from [(dead.id, oid) for oid in oids]


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What looked unneeded; each is asked about again when it is removed."""

    before: datetime  # only what nobody used since then
    claims: Claims
    files: dict[Oid, int]  # size in bytes
    xorbs: dict[bytes, int]  # stored bytes


def planned(call: Call, before: datetime) -> SweepPlan:
    """Find what no living repo reaches and nobody used since `before`."""
    claims = _claims(call, before)
    files = _files(call, set(claims.pairs()), before)
    return SweepPlan(before, claims, files, _xorbs(call, files, before))


def _claims(call: Call, before: datetime) -> Claims:
    living: list[tuple[Marked, list[Oid]]] = []
    unreadable: list[str] = []
    for repo in sweep_queries.living_repos(call):
        old = sweep_queries.old_claims(call, repo.id, before)
        if not old:
            continue
        try:
            reached = set(_pointed_at(call, repo))
        except ObjectMissing:
            unreadable.append(repo.key)
            continue
        living.append((repo, [oid for oid in old if oid not in reached]))
    dead = [
        (repo, sweep_queries.old_claims(call, repo.id, None))
        for repo in sweep_queries.dead_repos(call)
    ]
    return Claims(living, dead, unreadable)


def _pointed_at(call: Call, repo: Marked) -> Iterator[Oid]:
    """Yield every large file that any ref of a repo reaches.

    Raises:
        ObjectMissing: its history has a hole.
    """
    if not repo.tips:
        return
    path = call.hub.git_path(repo.key)
    small = (
        oid
        for oid, size in all_blobs(path, repo.tips)
        if SMALLEST_POINTER_BYTES <= size <= pointer.MAX_POINTER_BYTES
    )
    for batch in in_batches(small, POINTERS_AT_ONCE):
        for content in read_blobs(path, batch, pointer.MAX_POINTER_BYTES).values():
            found = pointer.parse(content)
            if found is not None:
                yield found.oid


def _files(call: Call, dropped: set[tuple[int, Oid]], before: datetime) -> dict[Oid, int]:
    """Files that no repo would be left with."""
    old = sweep_queries.old_blobs(call, before)
    kept = {
        oid for repo_id, oid in sweep_queries.claims_of(call, old) if (repo_id, oid) not in dropped
    }
    return {oid: size for oid, size in old.items() if oid not in kept}


def _xorbs(call: Call, files: Iterable[Oid], before: datetime) -> dict[bytes, int]:
    """Xorbs that no file would be left with."""
    gone = sweep_queries.files_of(call, files)
    old = sweep_queries.old_xorbs(call, before)
    kept = {xorb for file, xorb in sweep_queries.users_of(call, old) if file not in gone}
    return {xorb: size for xorb, size in old.items() if xorb not in kept}
