"""How much the files of an owner have together.

Each large file counts once among the owner's public repos, and once among the private ones; what
git itself keeps is noted for each repo (`small`). The figure is changed in the transaction that
gives files to a repo, whose row lock keeps two uploads at once from passing together. Where files
go away, a job counts the owner's files again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa

from strata.accounts.plans.quotas import quotas_of
from strata.accounts.plans.tables import usages
from strata.blobs.queries import in_batches
from strata.blobs.quota.steps import still_told
from strata.blobs.tables import blobs, git_sizes, repo_blobs
from strata.core.call import Call, Work, working
from strata.core.findings import Check, Finding
from strata.core.names import Oid
from strata.events.jobs import enqueue
from strata.lib.db.statements import upsert
from strata.repos.record import Repo
from strata.repos.tables import repos


@dataclass(frozen=True, slots=True)
class Usage:
    """What an owner uses."""

    private_bytes: int
    public_bytes: int

    def storage(self, *, private: bool) -> int:
        return self.private_bytes if private else self.public_bytes


@dataclass(frozen=True, slots=True)
class CountUsage:
    """Count the large files of an owner again."""

    kind: ClassVar[str] = "blobs.usage"
    owner_id: int

    def run(self, call: Call) -> None:
        with working(call) as work:
            recount(work, self.owner_id)


def usage_of(call: Call, owner_id: int) -> Usage:
    """What is noted of an owner; counted now when nothing is noted yet."""
    known = noted(call, owner_id) or counted(call, owner_id)
    return Usage(known.get(True, 0), known.get(False, 0))


def noted(call: Call, owner_id: int) -> dict[bool, int]:
    """What is noted of an owner, by whether it is private; empty when nothing is."""
    rows = call.db.execute(
        sa.select(usages.c.private, usages.c.bytes).where(usages.c.owner_id == owner_id)
    )
    return {bool(private): size for private, size in rows}


def counted(call: Call, owner_id: int) -> dict[bool, int]:
    """Add up the owner's files: the truth, at the price of looking at each of them."""
    each = (
        sa.select(repos.c.private, repo_blobs.c.sha256)
        .join(repo_blobs, repo_blobs.c.repo_id == repos.c.id)
        .where(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
        .distinct()
        .subquery()
    )
    rows = call.db.execute(
        sa.select(each.c.private, sa.func.sum(blobs.c.size))
        .join(blobs, blobs.c.sha256 == each.c.sha256)
        .group_by(each.c.private)
    )
    found = {bool(private): int(size) for private, size in rows}
    small = call.db.execute(
        sa.select(repos.c.private, sa.func.sum(git_sizes.c.bytes))
        .join(git_sizes, git_sizes.c.repo_id == repos.c.id)
        .where(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
        .group_by(repos.c.private)
    )
    in_git = {bool(private): int(size) for private, size in small}
    return {one: found.get(one, 0) + in_git.get(one, 0) for one in (False, True)}


def recount(work: Work, owner_id: int) -> Usage:
    """Note what the owner's files have together now."""
    lock(work, owner_id)
    sizes, quotas = counted(work, owner_id), quotas_of(work, owner_id)
    mine = usages.c.owner_id == owner_id
    for row in work.db.execute(sa.select(usages).where(mine)).all():
        size, told = sizes[row.private], row.told
        if told and size < row.bytes:
            told = still_told(told, size, quotas.storage(private=row.private))
        here = sa.and_(mine, usages.c.private == row.private)
        work.db.execute(sa.update(usages).where(here).values(bytes=size, told=told))
    return Usage(sizes[True], sizes[False])


def recount_later(work: Work, owner_id: int) -> None:
    """Have the owner's files counted again after this transaction."""
    enqueue(work, CountUsage(owner_id))


def lock(work: Work, owner_id: int) -> None:
    """Let nobody else change the owner's figures before this transaction ends."""
    known = sa.select(usages.c.private).where(usages.c.owner_id == owner_id)
    if len(work.db.execute(known.with_for_update()).all()) == 2:  # one public, one private
        return
    for private, size in sorted(counted(work, owner_id).items()):
        fresh = upsert(work.db, usages).values(owner_id=owner_id, private=private, bytes=size)
        work.db.execute(fresh.on_conflict_do_nothing())
    work.db.execute(known.with_for_update())


def new_bytes(call: Call, repo: Repo, oids: Iterable[Oid]) -> int:
    """What files would add to the figure of the repo's owner: those of them not counted yet."""
    here = (
        sa.exists()
        .where(repo_blobs.c.sha256 == blobs.c.sha256, repos.c.id == repo_blobs.c.repo_id)
        .where(repos.c.owner_id == repo.owner_id, repos.c.private == repo.private)
        .where(repos.c.deleted_at.is_(None))
    )
    total = 0
    for batch in in_batches(oids):
        size = sa.select(sa.func.sum(blobs.c.size)).where(blobs.c.sha256.in_(batch), ~here)
        total += int(call.db.scalar(size) or 0)
    return total


def unknown_to(call: Call, repo: Repo, oids: Iterable[Oid]) -> set[Oid]:
    """Those of the files that the owner has in no repo of this visibility."""
    wanted = list(oids)
    known: set[Oid] = set()
    for batch in in_batches(wanted):
        rows = call.db.scalars(
            sa.select(repo_blobs.c.sha256)
            .join(repos, repos.c.id == repo_blobs.c.repo_id)
            .where(repo_blobs.c.sha256.in_(batch), repos.c.owner_id == repo.owner_id)
            .where(repos.c.private == repo.private, repos.c.deleted_at.is_(None))
        )
        known |= {Oid(sha) for sha in rows}
    return set(wanted) - known


def sizes_known_to(call: Call, repo: Repo, sizes: Iterable[int]) -> set[int]:
    """Those of the sizes that a file of the owner has: it may well be the same one."""
    found: set[int] = set()
    for batch in in_batches(sizes):
        rows = call.db.scalars(
            sa.select(blobs.c.size)
            .join(repo_blobs, repo_blobs.c.sha256 == blobs.c.sha256)
            .join(repos, repos.c.id == repo_blobs.c.repo_id)
            .where(repos.c.owner_id == repo.owner_id, repos.c.private == repo.private)
            .where(repos.c.deleted_at.is_(None), blobs.c.size.in_(batch))
            .distinct()
        )
        found |= set(rows)
    return found


def misnoted(call: Call) -> Iterator[Finding]:
    """Owners whose figure is not what their files have, for `strata doctor`."""
    found: dict[int, dict[bool, int]] = {}
    for row in call.db.execute(sa.select(usages.c.owner_id, usages.c.private, usages.c.bytes)):
        found.setdefault(row.owner_id, {})[bool(row.private)] = row.bytes
    for owner_id, figures in sorted(found.items()):
        truth = counted(call, owner_id)
        wrong = {private: size for private, size in truth.items() if figures.get(private) != size}
        for private, size in wrong.items():
            kind = "private" if private else "public"
            yield Finding(
                Check.USAGE,
                f"owner {owner_id}",
                f"its {kind} files have {size} bytes, not {figures.get(private)}",
                owner_id=owner_id,
            )
