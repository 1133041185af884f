"""SQL about large files as whole files; that of chunks is in `blobs/xet/queries.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from strata.blobs.tables import blobs, repo_blobs, uploads, xet_files
from strata.core.call import Call, Work
from strata.core.names import Oid
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert

BATCH = 5_000  # values in one IN list; SQLite takes 32,766 parameters
TOUCH_AFTER = timedelta(days=1)  # a younger `last_referenced_at` is as good as now

T = TypeVar("T")

_PLACE = Prepared(
    "SELECT b.size, b.stored, b.xet_hash FROM repo_blobs r JOIN blobs b ON b.sha256 = r.sha256"
    " WHERE r.repo_id = :repo_id AND r.sha256 = :oid"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A large file that a repo was given."""

    oid: Oid
    size: int  # bytes
    stored: bool  # as one object
    xet_hash: str | None


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in parts."""

    key: str
    repo_id: int
    user_id: int
    oid: Oid
    size: int  # bytes
    part_bytes: int
    store_upload_id: str | None
    expires_at: datetime


def in_batches(values: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut a list so that a statement holds it; each value once."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]


def held(call: Call, repo_id: int, oid: Oid) -> Held | None:
    """One large file of a repo."""
    row = _PLACE.row(call.db, {"repo_id": repo_id, "oid": oid})
    return Held(oid, row[0], bool(row[1]), row[2]) if row else None


def all_held(call: Call, repo_id: int, oids: Iterable[Oid]) -> dict[Oid, Held]:
    """The large files of a repo among these."""
    found: dict[Oid, Held] = {}
    columns = sa.select(blobs.c.sha256, blobs.c.size, blobs.c.stored, blobs.c.xet_hash)
    joined = columns.join(repo_blobs, repo_blobs.c.sha256 == blobs.c.sha256)
    for batch in in_batches(oids):
        rows = call.db.execute(
            joined.where(repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256.in_(batch))
        )
        found |= {Oid(row[0]): Held(Oid(row[0]), row[1], row[2], row[3]) for row in rows}
    return found


def stale(call: Call, repo_id: int, oids: Iterable[Oid]) -> list[Oid]:
    """Those whose reference was not noted for a while."""
    found: list[Oid] = []
    old = repo_blobs.c.last_referenced_at < call.now - TOUCH_AFTER
    for batch in in_batches(oids):
        rows = call.db.scalars(
            sa.select(repo_blobs.c.sha256).where(
                repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256.in_(batch), old
            )
        )
        found += [Oid(text) for text in rows]
    return found


def touch(work: Work, repo_id: int, oids: Iterable[Oid]) -> None:
    """Note that a repo refers to these files now."""
    for batch in in_batches(oids):
        work.db.execute(
            sa.update(repo_blobs)
            .where(repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256.in_(batch))
            .values(last_referenced_at=work.now)
        )


def announce(work: Work, oid: Oid, size: int) -> bool:
    """Note that these bytes are on their way into the store; whether the hub has them already.

    From here on the sweep leaves the row and its object alone.
    """
    fresh = upsert(work.db, blobs).values(
        sha256=oid, size=size, stored=False, created_at=work.now, last_referenced_at=work.now
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[blobs.c.sha256], set_={"last_referenced_at": work.now}
        )
    )
    row = work.db.execute(
        sa.select(blobs.c.stored, blobs.c.xet_hash).where(blobs.c.sha256 == oid)
    ).one()
    return bool(row.stored) or row.xet_hash is not None


def mark_stored(work: Work, oid: Oid) -> None:
    """Note that the object stands in the store."""
    work.db.execute(sa.update(blobs).where(blobs.c.sha256 == oid).values(stored=True))


def keep_as_xet(work: Work, files: Sequence[tuple[Oid, int, str]]) -> None:
    """Note that bytes (oid, size, Xet hash) are kept as Xet files; the first hash stays."""
    if not files:
        return
    fresh = upsert(work.db, blobs)
    first = sa.func.coalesce(blobs.c.xet_hash, fresh.excluded.xet_hash)
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[blobs.c.sha256],
            set_={"last_referenced_at": work.now, "xet_hash": first},
        ),
        [
            {
                "sha256": oid,
                "size": size,
                "stored": False,
                "xet_hash": xet_hash,
                "created_at": work.now,
                "last_referenced_at": work.now,
            }
            for oid, size, xet_hash in sorted(files)  # in one order, as in `give`
        ],
    )


def give(work: Work, repo_id: int, oids: Iterable[Oid]) -> None:
    """Note that a repo was given these bytes; the rows in `blobs` must be there."""
    for batch in in_batches(sorted(oids)):  # in one order, or two givers wait for each other
        fresh = upsert(work.db, repo_blobs)
        work.db.execute(
            fresh.on_conflict_do_update(
                index_elements=[repo_blobs.c.repo_id, repo_blobs.c.sha256],
                set_={"last_referenced_at": work.now},
            ),
            [
                {
                    "repo_id": repo_id,
                    "sha256": oid,
                    "created_at": work.now,
                    "last_referenced_at": work.now,
                }
                for oid in batch
            ],
        )


def touch_blobs(work: Work, oids: Iterable[Oid]) -> None:
    """Note that these bytes are needed now, if that was not noted for a while.

    A row that is young is left alone: those who copy the same bytes would wait for each other.
    """
    old = blobs.c.last_referenced_at < work.now - TOUCH_AFTER
    for batch in in_batches(oids):
        work.db.execute(
            sa.update(blobs)
            .where(blobs.c.sha256.in_(batch), old)
            .values(last_referenced_at=work.now)
        )


def xet_terms(call: Call, file_hash: str) -> bytes | None:
    """The packed terms of a Xet file."""
    packed: bytes | None = call.db.scalar(
        sa.select(xet_files.c.terms).where(xet_files.c.hash == file_hash)
    )
    return packed


def start_upload(work: Work, upload: Upload) -> None:
    work.db.execute(
        sa.insert(uploads).values(
            key=upload.key,
            repo_id=upload.repo_id,
            user_id=upload.user_id,
            sha256=upload.oid,
            size=upload.size,
            part_bytes=upload.part_bytes,
            store_upload_id=upload.store_upload_id,
            created_at=work.now,
            expires_at=upload.expires_at,
        )
    )


def upload_at(call: Call, key: str) -> Upload | None:
    row = call.db.execute(sa.select(uploads).where(uploads.c.key == key)).first()
    return _upload(row) if row else None


def expired_uploads(call: Call, before: datetime) -> list[Upload]:
    rows = call.db.execute(sa.select(uploads).where(uploads.c.expires_at < before))
    return [_upload(row) for row in rows]


def end_upload(work: Work, key: str) -> None:
    work.db.execute(sa.delete(uploads).where(uploads.c.key == key))


def _upload(row: sa.Row[tuple[object, ...]]) -> Upload:
    return Upload(
        key=row.key,
        repo_id=row.repo_id,
        user_id=row.user_id,
        oid=Oid(row.sha256),
        size=row.size,
        part_bytes=row.part_bytes,
        store_upload_id=row.store_upload_id,
        expires_at=row.expires_at,
    )
