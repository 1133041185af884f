"""SQL about chunks, xorbs and the files made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.access.visibility import readable
from strata.blobs.pointer import Pointer
from strata.blobs.queries import TOUCH_AFTER, in_batches
from strata.blobs.tables import (
    bucket_files,
    repo_blobs,
    xet_dedup,
    xet_file_xorbs,
    xet_files,
    xet_grants,
    xorbs,
)
from strata.core.call import Call, Work
from strata.core.names import Oid
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert
from strata.lib.xet.table import ChunkTable, Terms
from strata.lib.xet.xorb import Xorb
from strata.repos.tables import repos

TABLES_BATCH = 200  # chunk tables are up to 336 kB each

_FILE_OF_REPO = Prepared(
    "SELECT f.sha256, f.size, f.terms FROM xet_files f"
    " JOIN repo_blobs r ON r.sha256 = f.sha256 AND r.repo_id = :repo_id WHERE f.hash = :hash"
)

_HOLDS_XORB = Prepared(
    "SELECT 1 FROM xet_file_xorbs u JOIN xet_files f ON f.hash = u.file_hash"
    " JOIN repo_blobs r ON r.sha256 = f.sha256 AND r.repo_id = :repo_id"
    " WHERE u.xorb = :xorb LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file that is made of chunks."""

    hash: str  # 64 hex
    oid: Oid
    size: int  # bytes
    terms: Terms


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission to send one xorb."""

    id: str
    repo_id: int
    user_id: int
    xorb: bytes
    size: int  # bytes
    crc64: str  # decimal
    direct: bool  # the object store takes the bytes itself
    expires_at: datetime


# xorbs


def announce_xorb(work: Work, xorb: Xorb) -> bool:
    """Note that a xorb is on its way into the store; whether it is there already.

    From here on the sweep leaves it alone.
    """
    fresh = upsert(work.db, xorbs).values(
        hash=xorb.hash,
        stored=False,
        chunk_count=len(xorb.chunks),
        raw_bytes=xorb.raw_total,
        stored_bytes=xorb.stored_length,
        created_at=work.now,
        last_referenced_at=work.now,
        chunks=xorb.chunks.packed,
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[xorbs.c.hash], set_={"last_referenced_at": work.now}
        )
    )
    return bool(work.db.scalar(sa.select(xorbs.c.stored).where(xorbs.c.hash == xorb.hash)))


def mark_xorb_stored(work: Work, xorb: Xorb) -> bool:
    """Note that this serialization stands in the store; False when another one came first."""
    changed = work.db.execute(
        sa.update(xorbs)
        .where(
            xorbs.c.hash == xorb.hash, sa.or_(~xorbs.c.stored, xorbs.c.chunks == xorb.chunks.packed)
        )
        .values(stored=True, stored_bytes=xorb.stored_length, chunks=xorb.chunks.packed)
    )
    return changed.rowcount == 1


def tables_of(call: Call, hashes: Iterable[bytes]) -> dict[bytes, ChunkTable]:
    """The chunk tables of the xorbs that are in the store."""
    found: dict[bytes, ChunkTable] = {}
    for batch in in_batches(hashes, TABLES_BATCH):
        rows = call.db.execute(
            sa.select(xorbs.c.hash, xorbs.c.chunks).where(xorbs.c.hash.in_(batch), xorbs.c.stored)
        )
        found |= {bytes(row[0]): ChunkTable(bytes(row[1])) for row in rows}
    return found


def stored_bytes(call: Call, xorb: bytes) -> int | None:
    """Length of a xorb's chunk stream; None when it is not in the store."""
    length: int | None = call.db.scalar(
        sa.select(xorbs.c.stored_bytes).where(xorbs.c.hash == xorb, xorbs.c.stored)
    )
    return length


def last_references(call: Call, hashes: Iterable[bytes]) -> dict[bytes, datetime]:
    """When the xorbs that are in the store were last uploaded, referred to or advertised."""
    found: dict[bytes, datetime] = {}
    for batch in in_batches(hashes):
        rows = call.db.execute(
            sa.select(xorbs.c.hash, xorbs.c.last_referenced_at).where(
                xorbs.c.hash.in_(batch), xorbs.c.stored
            )
        )
        found |= {bytes(row[0]): row[1] for row in rows}
    return found


def touch_xorbs(work: Work, hashes: Iterable[bytes]) -> None:
    """Note that clients rely on these xorbs from now on."""
    old = xorbs.c.last_referenced_at < work.now - TOUCH_AFTER
    for batch in in_batches(hashes):
        work.db.execute(
            sa.update(xorbs).where(xorbs.c.hash.in_(batch), old).values(last_referenced_at=work.now)
        )


# files


def file_of_repo(call: Call, repo_id: int, file_hash: str) -> XetFile | None:
    """A Xet file, if this repo was given its bytes."""
    row = _FILE_OF_REPO.row(call.db, {"repo_id": repo_id, "hash": file_hash})
    return XetFile(file_hash, Oid(row[0]), row[1], Terms(bytes(row[2]))) if row else None


def files_given(call: Call, repo_id: int, file_hashes: Iterable[str]) -> dict[str, Pointer]:
    """The Xet files among these whose bytes a repo was given."""
    return _given(call, repo_id, file_hashes, sa.true())


def files_named(call: Call, repo_id: int, file_hashes: Iterable[str]) -> dict[str, Pointer]:
    """The same, of those that a bucket has a file for at this moment."""
    named = sa.exists().where(
        bucket_files.c.repo_id == repo_id, bucket_files.c.sha256 == xet_files.c.sha256
    )
    return _given(call, repo_id, file_hashes, named)


def _given(
    call: Call, repo_id: int, file_hashes: Iterable[str], also: sa.ColumnElement[bool]
) -> dict[str, Pointer]:
    found: dict[str, Pointer] = {}
    for batch in in_batches(file_hashes):
        rows = call.db.execute(
            sa.select(xet_files.c.hash, xet_files.c.sha256, xet_files.c.size)
            .join(repo_blobs, repo_blobs.c.sha256 == xet_files.c.sha256)
            .where(repo_blobs.c.repo_id == repo_id, xet_files.c.hash.in_(batch), also)
        )
        found |= {row[0]: Pointer(Oid(row[1]), row[2]) for row in rows}
    return found


def repo_has_xorb(call: Call, repo_id: int, xorb: bytes) -> bool:
    """Whether a repo holds a file that is made of this xorb."""
    return _HOLDS_XORB.row(call.db, {"repo_id": repo_id, "xorb": xorb}) is not None


def sha256_of(call: Call, file_hashes: Iterable[str]) -> dict[str, Oid]:
    """The sha256 of the Xet files that are known already; proved when they were registered."""
    found: dict[str, Oid] = {}
    for batch in in_batches(file_hashes):
        rows = call.db.execute(
            sa.select(xet_files.c.hash, xet_files.c.sha256).where(xet_files.c.hash.in_(batch))
        )
        found |= {row[0]: Oid(row[1]) for row in rows}
    return found


def add_files(work: Work, files: Sequence[XetFile]) -> list[XetFile]:
    """Register files and the xorbs they are made of; those that are new. The first stays."""
    known = sha256_of(work, [file.hash for file in files])
    # In one order, so that two who register the same files do not wait for each other.
    fresh = sorted([f for f in files if f.hash not in known], key=lambda file: file.hash)
    if not fresh:
        return []
    work.db.execute(
        upsert(work.db, xet_files).on_conflict_do_nothing(),
        [
            {
                "hash": file.hash,
                "sha256": file.oid,
                "size": file.size,
                "created_at": work.now,
                "terms": file.terms.packed,
            }
            for file in fresh
        ],
    )
    used = [{"file_hash": file.hash, "xorb": xorb} for file in fresh for xorb in file.terms.xorbs()]
    if used:
        work.db.execute(upsert(work.db, xet_file_xorbs).on_conflict_do_nothing(), used)
    return fresh


# dedup


def add_dedup(work: Work, places: Iterable[tuple[bytes, bytes]]) -> None:
    """Note (chunk, xorb) pairs that clients may ask about."""
    rows = [{"chunk": chunk, "xorb": xorb} for chunk, xorb in sorted(set(places))]
    if rows:
        work.db.execute(upsert(work.db, xet_dedup).on_conflict_do_nothing(), rows)


def visible_file_with(call: Call, chunk: bytes, repo_id: int) -> tuple[bytes, str] | None:
    """A xorb that holds this chunk, and a file made of it that the caller may read.

    The caller may read files of the repo the token is for, and of all that `access` lets
    the caller read.
    """
    row = call.db.execute(
        sa.select(xet_dedup.c.xorb, xet_file_xorbs.c.file_hash)
        .join(xet_file_xorbs, xet_file_xorbs.c.xorb == xet_dedup.c.xorb)
        .join(xet_files, xet_files.c.hash == xet_file_xorbs.c.file_hash)
        .join(repo_blobs, repo_blobs.c.sha256 == xet_files.c.sha256)
        .join(repos, repos.c.id == repo_blobs.c.repo_id)
        .where(xet_dedup.c.chunk == chunk, _readable(call, repo_id))
        .limit(1)
    ).first()
    return (bytes(row[0]), row[1]) if row else None


def xorb_is_visible(call: Call, xorb: bytes, repo_id: int) -> bool:
    """Whether a file that the caller may read, as `visible_file_with` has it, needs this xorb."""
    row = call.db.execute(
        sa.select(xet_file_xorbs.c.file_hash)
        .join(xet_files, xet_files.c.hash == xet_file_xorbs.c.file_hash)
        .join(repo_blobs, repo_blobs.c.sha256 == xet_files.c.sha256)
        .join(repos, repos.c.id == repo_blobs.c.repo_id)
        .where(xet_file_xorbs.c.xorb == xorb, _readable(call, repo_id))
        .limit(1)
    ).first()
    return row is not None


def _readable(call: Call, repo_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        repos.c.deleted_at.is_(None),
        ~repos.c.disabled,
        sa.or_(repos.c.id == repo_id, readable(call.actor, repos)),
    )


def xorbs_of_file(call: Call, file_hash: str, limit: int) -> list[bytes]:
    """Some of the xorbs a file is made of."""
    rows = call.db.scalars(
        sa.select(xet_file_xorbs.c.xorb).where(xet_file_xorbs.c.file_hash == file_hash).limit(limit)
    )
    return [bytes(row) for row in rows]


# grants


def add_grant(work: Work, grant: Grant) -> None:
    work.db.execute(
        sa.insert(xet_grants).values(
            id=grant.id,
            repo_id=grant.repo_id,
            user_id=grant.user_id,
            xorb=grant.xorb,
            size=grant.size,
            crc64=grant.crc64,
            direct=grant.direct,
            created_at=work.now,
            expires_at=grant.expires_at,
        )
    )


def grant_at(call: Call, grant_id: str) -> Grant | None:
    row = call.db.execute(sa.select(xet_grants).where(xet_grants.c.id == grant_id)).first()
    return _grant(row) if row else None


def expired_grants(call: Call, before: datetime) -> list[Grant]:
    rows = call.db.execute(sa.select(xet_grants).where(xet_grants.c.expires_at < before))
    return [_grant(row) for row in rows]


def end_grant(work: Work, grant_id: str) -> None:
    work.db.execute(sa.delete(xet_grants).where(xet_grants.c.id == grant_id))


def _grant(row: sa.Row[tuple[object, ...]]) -> Grant:
    return Grant(
        id=row.id,
        repo_id=row.repo_id,
        user_id=row.user_id,
        xorb=bytes(row.xorb),
        size=row.size,
        crc64=row.crc64,
        direct=row.direct,
        expires_at=row.expires_at,
    )
