"""SQL of the sweep: what looks unneeded, and removal that asks once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.blobs.queries import in_batches
from strata.blobs.tables import (
    blobs,
    bucket_files,
    git_sizes,
    repo_blobs,
    xet_dedup,
    xet_file_xorbs,
    xet_files,
    xorbs,
)
from strata.core.call import Call, Work
from strata.core.names import Oid
from strata.lib.db.statements import upsert
from strata.lib.xet.table import ChunkTable
from strata.repos.queries import stands_at
from strata.repos.tables import refs, repos


@dataclass(frozen=True, slots=True)
class Marked:
    """A living repo and where its history begins."""

    id: int
    key: str
    generation: int
    tips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadRepo:
    """A repo that was deleted."""

    id: int
    key: str
    deleted_at: datetime


def living_repos(call: Call) -> Iterator[Marked]:
    """Every living repo; generation and refs are read together, one repo at a time."""
    ids = call.db.scalars(sa.select(repos.c.id).where(repos.c.deleted_at.is_(None))).all()
    for repo_id in ids:
        rows = call.db.execute(
            sa.select(repos.c.key, repos.c.generation, refs.c.target)
            .outerjoin(refs, refs.c.repo_id == repos.c.id)
            .where(repos.c.id == repo_id, repos.c.deleted_at.is_(None))
        ).all()
        if rows:
            tips = tuple([row.target for row in rows if row.target is not None])
            yield Marked(repo_id, rows[0].key, rows[0].generation, tips)


def dead_repos(call: Call) -> list[DeadRepo]:
    """The deleted repos."""
    rows = call.db.execute(
        sa.select(repos.c.id, repos.c.key, repos.c.deleted_at).where(
            repos.c.deleted_at.is_not(None)
        )
    )
    return [DeadRepo(row.id, row.key, row.deleted_at) for row in rows]


def old_claims(call: Call, repo_id: int, before: datetime | None) -> list[Oid]:
    """The files a repo was given; only those not referred to since `before`, if given.

    What a bucket has a file for now is referred to, however old.
    """
    mine = repo_blobs.c.repo_id == repo_id
    old = sa.true() if before is None else _unused(before)
    return [Oid(sha) for sha in call.db.scalars(sa.select(repo_blobs.c.sha256).where(mine, old))]


def _unused(before: datetime) -> sa.ColumnElement[bool]:
    named = sa.exists().where(
        bucket_files.c.repo_id == repo_blobs.c.repo_id,
        bucket_files.c.sha256 == repo_blobs.c.sha256,
    )
    return sa.and_(repo_blobs.c.last_referenced_at < before, ~named)


def drop_claims(work: Work, repo: Marked, oids: Iterable[Oid], before: datetime) -> int:
    """Forget that a repo was given files, unless its refs moved since they were looked at."""
    if not stands_at(work, repo.id, repo.generation):
        return 0
    dropped = 0
    for batch in in_batches(oids):
        dropped += work.db.execute(
            sa.delete(repo_blobs).where(
                repo_blobs.c.repo_id == repo.id,
                repo_blobs.c.sha256.in_(batch),
                _unused(before),
            )
        ).rowcount
    return dropped


def owner_of(call: Call, repo_id: int) -> int:
    """The namespace that a repo belongs, or belonged, to."""
    return int(
        call.db.execute(sa.select(repos.c.owner_id).where(repos.c.id == repo_id)).scalar_one()
    )


def drop_all_claims(work: Work, repo_id: int) -> int:
    """Forget everything a deleted repo was given, and the files of a bucket with it."""
    work.db.execute(sa.delete(bucket_files).where(bucket_files.c.repo_id == repo_id))
    work.db.execute(sa.delete(git_sizes).where(git_sizes.c.repo_id == repo_id))
    return work.db.execute(sa.delete(repo_blobs).where(repo_blobs.c.repo_id == repo_id)).rowcount


def old_blobs(call: Call, before: datetime) -> dict[Oid, int]:
    """Size of each file that nobody referred to since `before`."""
    rows = call.db.execute(
        sa.select(blobs.c.sha256, blobs.c.size).where(blobs.c.last_referenced_at < before)
    )
    return {Oid(row[0]): row[1] for row in rows}


def claims_of(call: Call, oids: Iterable[Oid]) -> Iterator[tuple[int, Oid]]:
    """Which repos were given these files."""
    for batch in in_batches(oids):
        rows = call.db.execute(
            sa.select(repo_blobs.c.repo_id, repo_blobs.c.sha256).where(
                repo_blobs.c.sha256.in_(batch)
            )
        )
        for row in rows:
            yield row[0], Oid(row[1])


def files_of(call: Call, oids: Iterable[Oid]) -> set[str]:
    """The Xet files that have these bytes."""
    found: set[str] = set()
    for batch in in_batches(oids):
        found |= set(
            call.db.scalars(sa.select(xet_files.c.hash).where(xet_files.c.sha256.in_(batch)))
        )
    return found


def old_xorbs(call: Call, before: datetime) -> dict[bytes, int]:
    """Stored bytes of each xorb that nobody uploaded, used or was told of since `before`."""
    rows = call.db.execute(
        sa.select(xorbs.c.hash, xorbs.c.stored_bytes).where(xorbs.c.last_referenced_at < before)
    )
    return {bytes(row[0]): row[1] for row in rows}


def users_of(call: Call, hashes: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Which files are made of these xorbs."""
    for batch in in_batches(hashes):
        rows = call.db.execute(
            sa.select(xet_file_xorbs.c.file_hash, xet_file_xorbs.c.xorb).where(
                xet_file_xorbs.c.xorb.in_(batch)
            )
        )
        for row in rows:
            yield row[0], bytes(row[1])


def _unneeded_blob(oid: Oid, before: datetime) -> sa.ColumnElement[bool]:
    claimed = sa.exists().where(repo_blobs.c.sha256 == blobs.c.sha256)
    return sa.and_(blobs.c.sha256 == oid, blobs.c.last_referenced_at < before, ~claimed)


def retire_blob(work: Work, oid: Oid, before: datetime) -> bool:
    """Stop offering a file that is still unneeded; from now on an upload stores it anew."""
    retired = work.db.execute(
        sa.update(blobs).where(_unneeded_blob(oid, before)).values(stored=False, xet_hash=None)
    )
    if retired.rowcount != 1:
        return False
    mine = sa.select(xet_files.c.hash).where(xet_files.c.sha256 == oid)
    work.db.execute(sa.delete(xet_file_xorbs).where(xet_file_xorbs.c.file_hash.in_(mine)))
    work.db.execute(sa.delete(xet_files).where(xet_files.c.sha256 == oid))
    return True


def remove_blob(work: Work, oid: Oid, before: datetime) -> bool:
    """Remove a retired file's row if nobody announced the bytes meanwhile."""
    idle = sa.and_(_unneeded_blob(oid, before), ~blobs.c.stored, blobs.c.xet_hash.is_(None))
    return work.db.execute(sa.delete(blobs).where(idle)).rowcount == 1


def _unneeded_xorb(xorb: bytes, before: datetime) -> sa.ColumnElement[bool]:
    used = sa.exists().where(xet_file_xorbs.c.xorb == xorbs.c.hash)
    return sa.and_(xorbs.c.hash == xorb, xorbs.c.last_referenced_at < before, ~used)


def retire_xorb(work: Work, xorb: bytes, before: datetime) -> bool:
    """Stop offering a xorb that is still unneeded, its chunks first."""
    retired = work.db.execute(
        sa.update(xorbs).where(_unneeded_xorb(xorb, before)).values(stored=False)
    )
    if retired.rowcount != 1:
        return False
    work.db.execute(sa.delete(xet_dedup).where(xet_dedup.c.xorb == xorb))
    return True


def remove_xorb(work: Work, xorb: bytes, before: datetime) -> ChunkTable | None:
    """Remove a retired xorb's row if nobody announced it meanwhile; the chunks it had."""
    idle = sa.and_(_unneeded_xorb(xorb, before), ~xorbs.c.stored)
    packed = work.db.scalar(sa.delete(xorbs).where(idle).returning(xorbs.c.chunks))
    return None if packed is None else ChunkTable(bytes(packed))


def claim_blob_name(work: Work, oid: Oid) -> bool:
    """Take the row of an object without one, so that an upload of these bytes waits for us."""
    row = {"sha256": oid, "size": 0, "created_at": work.now, "last_referenced_at": work.now}
    taken = work.db.execute(upsert(work.db, blobs).values(**row).on_conflict_do_nothing())
    return taken.rowcount == 1


def give_up_blob_name(work: Work, oid: Oid) -> None:
    work.db.execute(sa.delete(blobs).where(blobs.c.sha256 == oid))


def claim_xorb_name(work: Work, xorb: bytes) -> bool:
    """Take the row of a stored xorb without one, so that its upload waits for us."""
    row = {
        "hash": xorb,
        "stored": False,
        "chunk_count": 0,
        "raw_bytes": 0,
        "stored_bytes": 0,
        "created_at": work.now,
        "last_referenced_at": work.now,
        "chunks": b"",
    }
    taken = work.db.execute(upsert(work.db, xorbs).values(**row).on_conflict_do_nothing())
    return taken.rowcount == 1


def give_up_xorb_name(work: Work, xorb: bytes) -> None:
    work.db.execute(sa.delete(xorbs).where(xorbs.c.hash == xorb))


def known_blobs(call: Call, oids: Iterable[Oid]) -> set[Oid]:
    """Which of these have a row."""
    found: set[Oid] = set()
    for batch in in_batches(oids):
        rows = call.db.scalars(sa.select(blobs.c.sha256).where(blobs.c.sha256.in_(batch)))
        found |= {Oid(sha) for sha in rows}
    return found


def xorb_state(call: Call, xorb: bytes) -> tuple[bool, ChunkTable] | None:
    """Whether a xorb is in the store, and its chunks; None without a row."""
    row = call.db.execute(
        sa.select(xorbs.c.stored, xorbs.c.chunks).where(xorbs.c.hash == xorb)
    ).first()
    return (row[0], ChunkTable(bytes(row[1]))) if row else None
