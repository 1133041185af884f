"""All SQL about buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.blobs.pointer import Pointer
from strata.blobs.queries import in_batches
from strata.blobs.tables import blobs, bucket_files
from strata.content.tables import bucket_changes, bucket_folders, buckets
from strata.core.call import Call, Work
from strata.core.names import Oid, RepoType
from strata.lib.db.columns import from_millis
from strata.lib.db.database import Prepared
from strata.lib.db.seek import Page, Window, page_down
from strata.lib.db.statements import upsert
from strata.repos.record import Repo
from strata.repos.tables import repos

_COLUMNS = "f.path, f.sha256, f.xet_hash, f.size, f.mtime, f.content_type, f.uploaded_at, b.stored"
_FROM = "FROM bucket_files f JOIN blobs b ON b.sha256 = f.sha256 WHERE f.repo_id = :repo_id"
_FILE = Prepared(f"SELECT {_COLUMNS} {_FROM} AND f.path = :path")
_FROM_ON = f"SELECT {_COLUMNS} {_FROM} AND f.path >= :start"
_FILES_FROM = Prepared(f"{_FROM_ON} ORDER BY f.path LIMIT :count")
_FILES_BETWEEN = Prepared(f"{_FROM_ON} AND f.path < :stop ORDER BY f.path LIMIT :count")
_LAST_CHANGE = Prepared("SELECT last_change FROM buckets WHERE repo_id = :repo_id")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of a bucket."""

    path: str
    oid: Oid
    xet_hash: str  # 64 hex
    size: int  # bytes
    mtime: datetime | None  # of the client's own file
    content_type: str | None  # what the client says it is
    uploaded_at: datetime
    stored: bool  # its bytes are kept as one object

    @property
    def pointer(self) -> Pointer:
        """The bytes that the file is."""
        return Pointer(self.oid, self.size)

    @property
    def etag(self) -> str:
        """What clients cache it under."""
        return self.oid


@dataclass(frozen=True, slots=True)
class Holding:
    """What a bucket holds altogether, and how often it changed."""

    size: int  # bytes
    files: int
    last_change: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One file that changed."""

    number: int  # grows by one with each change of the bucket
    path: str
    op: str  # add, update or delete
    size: int | None  # bytes; None: deleted
    xet_hash: str | None
    mtime: datetime | None
    at: datetime


# buckets


def insert_bucket(work: Work, repo_id: int) -> None:
    work.db.execute(
        sa.insert(buckets).values(
            repo_id=repo_id, size=0, files=0, last_change=0, changed_at=work.now
        )
    )


def forget_bucket(work: Work, repo_id: int) -> None:
    """Remove what the room knows of a bucket; its files are left to the sweep."""
    for table in (bucket_changes, bucket_folders, buckets):
        work.db.execute(sa.delete(table).where(table.c.repo_id == repo_id))


def holding(call: Call, repo_id: int) -> Holding | None:
    row = call.db.execute(sa.select(*_holding()).where(buckets.c.repo_id == repo_id)).first()
    return Holding(*row) if row else None


def holdings(call: Call, repo_ids: Iterable[int]) -> dict[int, Holding]:
    found: dict[int, Holding] = {}
    for batch in in_batches(repo_ids):
        rows = call.db.execute(
            sa.select(buckets.c.repo_id, *_holding()).where(buckets.c.repo_id.in_(batch))
        )
        found |= {row[0]: Holding(*row[1:]) for row in rows}
    return found


def buckets_of(call: Call, owner_id: int, search: str, window: Window) -> Page[Repo]:
    """An owner's buckets that the caller may see, named with `search`, the newest first."""
    columns = (repos.c[name] for name in Repo.__dataclass_fields__)
    statement = (
        sa.select(*columns)
        .join(buckets, buckets.c.repo_id == repos.c.id)
        .where(
            repos.c.type == RepoType.BUCKET.value,
            repos.c.owner_id == owner_id,
            repos.c.deleted_at.is_(None),
            sa.func.lower(repos.c.name).contains(search.lower(), autoescape=True),
            visible(call.actor, repos),
        )
    )
    return page_down(call.db, statement, window, (repos.c.id,), _repo)


def _repo(row: sa.Row[Any]) -> Repo:
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    fields = {name: values[name] for name in Repo.__dataclass_fields__}
    return Repo(**{**fields, "type": RepoType.BUCKET})


def locked(work: Work, repo_id: int) -> Holding | None:
    """The same, and whoever else wants to change this bucket waits for the transaction."""
    row = work.db.execute(
        sa.update(buckets)
        .where(buckets.c.repo_id == repo_id)
        .values(last_change=buckets.c.last_change)
        .returning(*_holding())
    ).first()
    return Holding(*row) if row else None


def write_holding(work: Work, repo_id: int, held: Holding) -> None:
    work.db.execute(
        sa.update(buckets)
        .where(buckets.c.repo_id == repo_id)
        .values(
            size=held.size,
            files=held.files,
            last_change=held.last_change,
            changed_at=held.changed_at,
        )
    )
    work.db.execute(
        sa.update(repos).where(repos.c.id == repo_id).values(updated_at=held.changed_at)
    )


def _holding() -> tuple[sa.Column[Any], ...]:
    return (buckets.c.size, buckets.c.files, buckets.c.last_change, buckets.c.changed_at)


# files


def file_at(call: Call, repo_id: int, path: str) -> FileRow | None:
    if "\0" in path:  # PostgreSQL refuses even to look for it
        return None
    row = _FILE.row(call.db, {"repo_id": repo_id, "path": path})
    return None if row is None else _plain(row)


def files_at(call: Call, repo_id: int, paths: Iterable[str]) -> dict[str, FileRow]:
    """Those of the paths that are files."""
    found: dict[str, FileRow] = {}
    for batch in in_batches(path for path in paths if "\0" not in path):
        rows = call.db.execute(
            _files().where(bucket_files.c.repo_id == repo_id, bucket_files.c.path.in_(batch))
        )
        found |= {row[0]: _file(row) for row in rows}
    return found


def files_from(call: Call, repo_id: int, start: str, stop: str | None, count: int) -> list[FileRow]:
    """The files from one name on and before another, in order."""
    parameters = {"repo_id": repo_id, "start": start, "count": count}
    if stop is None:
        rows = _FILES_FROM.rows(call.db, parameters)
    else:
        rows = _FILES_BETWEEN.rows(call.db, {**parameters, "stop": stop})
    return [_plain(row) for row in rows]


def _plain(row: Any) -> FileRow:
    """A file from a row of `_COLUMNS`, as the driver gives it."""
    mtime = None if row[4] is None else from_millis(row[4])
    return FileRow(
        row[0], Oid(row[1]), row[2], row[3], mtime, row[5], from_millis(row[6]), bool(row[7])
    )


def put_files(work: Work, repo_id: int, files: Sequence[FileRow]) -> None:
    """Write files, over those of the same path; the bucket was given their bytes."""
    if not files:
        return
    fresh = upsert(work.db, bucket_files)
    names = ("sha256", "xet_hash", "size", "mtime", "content_type", "uploaded_at")
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[bucket_files.c.repo_id, bucket_files.c.path],
            set_={name: fresh.excluded[name] for name in names},
        ),
        [
            {
                "repo_id": repo_id,
                "path": file.path,
                "sha256": file.oid,
                "xet_hash": file.xet_hash,
                "size": file.size,
                "mtime": file.mtime,
                "content_type": file.content_type,
                "uploaded_at": file.uploaded_at,
            }
            for file in files
        ],
    )


def remove_files(work: Work, repo_id: int, paths: Iterable[str]) -> None:
    for batch in in_batches(paths):
        work.db.execute(
            sa.delete(bucket_files).where(
                bucket_files.c.repo_id == repo_id, bucket_files.c.path.in_(batch)
            )
        )


def summed(call: Call, repo_id: int) -> tuple[int, int]:
    """Bytes and number of the files, counted one by one."""
    row = call.db.execute(
        sa.select(sa.func.coalesce(sa.func.sum(bucket_files.c.size), 0), sa.func.count()).where(
            bucket_files.c.repo_id == repo_id
        )
    ).one()
    return int(row[0]), int(row[1])


def _files() -> sa.Select[Any]:
    names = ("path", "sha256", "xet_hash", "size", "mtime", "content_type", "uploaded_at")
    return sa.select(*(bucket_files.c[name] for name in names), blobs.c.stored).join(
        blobs, blobs.c.sha256 == bucket_files.c.sha256
    )


def _file(row: sa.Row[Any]) -> FileRow:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 — the documented way to read a Row by name
    return FileRow(oid=Oid(values.pop("sha256")), **values)


# folders


def touch_folders(work: Work, repo_id: int, folders: Iterable[str], when: datetime) -> None:
    """Note that something was uploaded below these folders."""
    rows = [{"repo_id": repo_id, "path": folder, "uploaded_at": when} for folder in set(folders)]
    if rows:
        fresh = upsert(work.db, bucket_folders)
        work.db.execute(
            fresh.on_conflict_do_update(
                index_elements=[bucket_folders.c.repo_id, bucket_folders.c.path],
                set_={"uploaded_at": fresh.excluded.uploaded_at},
            ),
            rows,
        )


def folder_times(call: Call, repo_id: int, folders: Iterable[str]) -> Mapping[str, datetime]:
    """When something was last uploaded below each folder."""
    found: dict[str, datetime] = {}
    for batch in in_batches(folders):
        rows = call.db.execute(
            sa.select(bucket_folders.c.path, bucket_folders.c.uploaded_at).where(
                bucket_folders.c.repo_id == repo_id, bucket_folders.c.path.in_(batch)
            )
        )
        found |= {row[0]: row[1] for row in rows}
    return found


# changes


def add_changes(work: Work, repo_id: int, changes: Sequence[ChangeRow], keep: int) -> None:
    """Write down changes, and forget all but the last `keep` of the bucket."""
    if not changes:
        return
    fields = ("number", "at", "path", "op", "size", "xet_hash", "mtime")
    work.db.execute(
        sa.insert(bucket_changes),
        [
            {"repo_id": repo_id, **{name: getattr(change, name) for name in fields}}
            for change in changes
        ],
    )
    work.db.execute(
        sa.delete(bucket_changes).where(
            bucket_changes.c.repo_id == repo_id,
            bucket_changes.c.number <= changes[-1].number - keep,
        )
    )


def last_change(call: Call, repo_id: int) -> int | None:
    """The number of the last change; None when the bucket is gone."""
    row = _LAST_CHANGE.row(call.db, {"repo_id": repo_id})
    return row[0] if row else None


def changes_after(call: Call, repo_id: int, number: int, limit: int) -> list[ChangeRow]:
    names = ("number", "path", "op", "size", "xet_hash", "mtime", "at")
    rows = call.db.execute(
        sa.select(*(bucket_changes.c[name] for name in names))
        .where(bucket_changes.c.repo_id == repo_id, bucket_changes.c.number > number)
        .order_by(bucket_changes.c.number)
        .limit(limit)
    )
    return [ChangeRow(*row) for row in rows]


def first_change(call: Call, repo_id: int, since: datetime | None = None) -> int | None:
    """The number of the first change that is still known, or of the first at or after a moment."""
    found: int | None = call.db.scalar(
        sa.select(sa.func.min(bucket_changes.c.number)).where(
            bucket_changes.c.repo_id == repo_id,
            sa.true() if since is None else bucket_changes.c.at >= since,
        )
    )
    return found
