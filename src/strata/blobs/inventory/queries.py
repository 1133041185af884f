"""SQL about what a repo holds and what it gave up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.blobs.queries import in_batches
from strata.blobs.tables import blobs, given_up_blobs, repo_blobs
from strata.core.call import Call, Work
from strata.core.names import Oid
from strata.lib.db.statements import upsert

NOWHERE = ""  # the filename of what was looked for in all of history and is not in it


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A large file of a repo."""

    oid: Oid
    size: int  # bytes
    xet_hash: str | None
    pushed_at: datetime
    filename: str | None  # None: not looked for yet; NOWHERE: looked for in vain
    ref: str | None


def holdings(
    call: Call, repo_id: int, limit: int, after: tuple[datetime, Oid] | None
) -> Iterator[HoldingRow]:
    """A stretch of the large files of a repo, the last pushed first."""
    pushed, oid = repo_blobs.c.created_at, repo_blobs.c.sha256
    statement = (
        sa.select(
            oid, blobs.c.size, blobs.c.xet_hash, pushed, repo_blobs.c.filename, repo_blobs.c.ref
        )
        .join(blobs, blobs.c.sha256 == oid)
        .where(repo_blobs.c.repo_id == repo_id)
        .order_by(pushed.desc(), oid.desc())
        .limit(limit)
    )
    if after is not None:
        moment, last = after
        behind = sa.or_(pushed < moment, sa.and_(pushed == moment, oid < last))
        statement = statement.where(behind)
    for row in call.db.execute(statement):
        yield HoldingRow(Oid(row[0]), *row[1:])


def total(call: Call, repo_id: int) -> tuple[int, int]:
    """How many large files a repo holds, and their bytes together."""
    row = call.db.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(blobs.c.size), 0))
        .select_from(repo_blobs)
        .join(blobs, blobs.c.sha256 == repo_blobs.c.sha256)
        .where(repo_blobs.c.repo_id == repo_id)
    ).one()
    return int(row[0]), int(row[1])


def held_among(call: Call, repo_id: int, oids: Iterable[Oid]) -> set[Oid]:
    """Which of these a repo holds."""
    return _among(call, repo_blobs, repo_id, oids)


def given_up_among(call: Call, repo_id: int, oids: Iterable[Oid]) -> set[Oid]:
    """Which of these a repo gave up at some time."""
    return _among(call, given_up_blobs, repo_id, oids)


def _among(call: Call, table: sa.Table, repo_id: int, oids: Iterable[Oid]) -> set[Oid]:
    found: set[Oid] = set()
    for batch in in_batches(oids):
        mine = sa.and_(table.c.repo_id == repo_id, table.c.sha256.in_(batch))
        found |= {Oid(sha) for sha in call.db.scalars(sa.select(table.c.sha256).where(mine))}
    return found


def unwanted_everywhere(call: Call, repo_id: int) -> frozenset[Oid]:
    """What a repo gave up with its history and was not given again."""
    held = sa.exists().where(
        repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256 == given_up_blobs.c.sha256
    )
    gone = sa.and_(given_up_blobs.c.repo_id == repo_id, given_up_blobs.c.everywhere, ~held)
    found = call.db.scalars(sa.select(given_up_blobs.c.sha256).where(gone))
    return frozenset(Oid(sha) for sha in found)


def release(work: Work, repo_id: int, oids: Iterable[Oid], *, everywhere: bool) -> None:
    """Forget that a repo was given files; remember that it gave them up."""
    for batch in in_batches(oids):
        work.db.execute(
            sa.delete(repo_blobs).where(
                repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256.in_(batch)
            )
        )
    note_given_up(work, repo_id, oids, everywhere=everywhere)


def note_given_up(work: Work, repo_id: int, oids: Iterable[Oid], *, everywhere: bool) -> None:
    """Remember that pointers of a repo to these files are no damage."""
    for batch in in_batches(oids):
        given_up = upsert(work.db, given_up_blobs)
        work.db.execute(
            given_up.on_conflict_do_update(
                index_elements=["repo_id", "sha256"],
                set_={"at": work.now, "everywhere": given_up.excluded.everywhere},
            ),
            [
                {"repo_id": repo_id, "sha256": oid, "at": work.now, "everywhere": everywhere}
                for oid in batch
            ],
        )


def unnamed(call: Call, repo_id: int) -> dict[Oid, tuple[int, bool]]:
    """The large files of a repo of which no path is known: size, and whether all was searched."""
    rows = call.db.execute(
        sa.select(repo_blobs.c.sha256, blobs.c.size, repo_blobs.c.filename)
        .join(blobs, blobs.c.sha256 == repo_blobs.c.sha256)
        .where(repo_blobs.c.repo_id == repo_id)
        .where(sa.func.coalesce(repo_blobs.c.filename, NOWHERE) == NOWHERE)
    )
    return {Oid(row[0]): (row[1], row[2] is not None) for row in rows}


def name(work: Work, repo_id: int, names: Mapping[Oid, tuple[str, str | None]]) -> None:
    """Note at which path, and on which ref, files were found."""
    here = sa.and_(repo_blobs.c.repo_id == repo_id, repo_blobs.c.sha256 == sa.bindparam("oid"))
    work.db.execute(
        sa.update(repo_blobs)
        .where(here)
        .values(filename=sa.bindparam("path"), ref=sa.bindparam("place")),
        [{"oid": oid, "path": path, "place": ref} for oid, (path, ref) in names.items()],
    )
