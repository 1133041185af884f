"""All SQL of the room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.access.gates.record import Standing
from strata.access.gates.tables import access_requests
from strata.core.call import Call, Work
from strata.core.names import RepoId, RepoType
from strata.lib.db.columns import from_millis
from strata.lib.db.database import Prepared
from strata.repos.record import Repo
from strata.repos.tables import redirects, repos

# What `repo_from_row` reads, in this order.
COLUMNS = (
    "id", "key", "type", "owner_id", "namespace", "name", "created_by", "private", "disabled",
    "gated", "gate_members", "discussions_disabled", "sdk", "created_at", "updated_at",
    "generation", "likes", "downloads", "downloads_all_time",
)  # fmt: skip
_REPO_AT_PATH = Prepared(
    f"SELECT {', '.join(COLUMNS)} FROM repos"  # noqa: S608 — constant columns
    " WHERE type = :type AND path_key = :path_key AND deleted_at IS NULL"
)
_REF = Prepared("SELECT commit_sha, target FROM refs WHERE repo_id = :repo_id AND name = :name")


def repo_at(call: Call, repo_type: RepoType, path_key: str) -> Repo | None:
    if "\0" in path_key:  # PostgreSQL refuses even to look for it
        return None
    row = _REPO_AT_PATH.row(call.db, {"type": repo_type.value, "path_key": path_key})
    return repo_from_row(row) if row else None


def repo_from_row(row: Any) -> Repo:
    """Build the value from a row that begins with `COLUMNS`."""
    return Repo(
        id=row[0],
        key=row[1],
        type=RepoType(row[2]),
        owner_id=row[3],
        namespace=row[4],
        name=row[5],
        created_by=row[6],
        private=bool(row[7]),
        disabled=bool(row[8]),
        gated=row[9],
        gate_members=bool(row[10]),
        discussions_disabled=bool(row[11]),
        sdk=row[12],
        created_at=from_millis(row[13]),
        updated_at=from_millis(row[14]),
        generation=row[15],
        likes=row[16],
        downloads=row[17],
        downloads_all_time=row[18],
    )


def repo_by_id(call: Call, repo_row_id: int) -> Repo | None:
    """A living repo by its internal id."""
    row = call.db.execute(living(repos.c.id == repo_row_id)).first()
    return repo_of(row) if row else None


def repo_even_deleted(call: Call, repo_row_id: int) -> Repo | None:
    """A repo by its internal id, also one that is gone and not swept away yet."""
    row = call.db.execute(_every().where(repos.c.id == repo_row_id)).first()
    return repo_of(row) if row else None


def repos_by_ids(call: Call, ids: Iterable[int]) -> dict[int, Repo]:
    """The living repos among these internal ids."""
    rows = call.db.execute(living(repos.c.id.in_(sorted(set(ids)))))
    return {row.id: repo_of(row) for row in rows}


def count_of(call: Call, owner_id: int) -> int:
    """How many living repos an owner has."""
    mine = sa.and_(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
    return int(call.db.scalar(sa.select(sa.func.count()).where(mine).select_from(repos)) or 0)


def downloads_of(call: Call, owner_id: int) -> int:
    """Downloads of an owner's repos in the last 30 days."""
    mine = sa.and_(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
    return int(call.db.scalar(sa.select(sa.func.sum(repos.c.downloads)).where(mine)) or 0)


def redirect_target(call: Call, repo_type: RepoType, path_key: str) -> Repo | None:
    """The living repo that used to answer here."""
    if "\0" in path_key:
        return None
    row = call.db.execute(
        living(
            repos.c.id == redirects.c.repo_id,
            redirects.c.type == repo_type.value,
            redirects.c.path_key == path_key,
        )
    ).first()
    return repo_of(row) if row else None


def untold_requests(call: Call, before: datetime) -> list[tuple[Repo, int]]:
    """The gated repos with requests since before a moment that nobody was told of; how many."""
    waiting = (
        sa.select(access_requests.c.repo_id, sa.func.count().label("number"))
        .where(
            access_requests.c.status == Standing.PENDING.value,
            access_requests.c.asked,
            access_requests.c.told_at.is_(None),
        )
        .group_by(access_requests.c.repo_id)
        .having(sa.func.min(access_requests.c.requested_at) <= before)
        .subquery()
    )
    statement = living(repos.c.id == waiting.c.repo_id, repos.c.gated.is_not(None))
    rows = call.db.execute(statement.add_columns(waiting.c.number)).all()
    return [(repo_of(row), row.number) for row in rows]


def living(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The statement of repos that were not deleted, which those who list them narrow."""
    return _every().where(repos.c.deleted_at.is_(None), *conditions)


def _every() -> sa.Select[Any]:
    return sa.select(*(repos.c[name] for name in COLUMNS))


def repo_of(row: sa.Row[Any]) -> Repo:
    """The value of a row of `living`."""
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    fields = {name: values[name] for name in Repo.__dataclass_fields__}
    return Repo(**{**fields, "type": RepoType(fields["type"])})


def ref_commit(call: Call, repo_row_id: int, name: str) -> str | None:
    """The commit that a ref points at."""
    row = _REF.row(call.db, {"repo_id": repo_row_id, "name": name})
    return row[0] if row else None


def stands_at(work: Work, repo_row_id: int, generation: int) -> bool:
    """Whether no ref of the repo moved since this generation; until the end none can.

    The update waits for, and is seen by, whoever moves a ref at this moment.
    """
    held = work.db.execute(
        sa.update(repos)
        .where(repos.c.id == repo_row_id, repos.c.generation == generation)
        .values(generation=repos.c.generation)
    )
    return held.rowcount == 1


def hold(work: Work, repo_row_id: int) -> bool:
    """Have others wait who count what the same repo has, or delete it; False: it is gone."""
    here = sa.select(repos.c.id).where(repos.c.id == repo_row_id, repos.c.deleted_at.is_(None))
    return work.db.execute(here.with_for_update(key_share=True)).first() is not None


def path_key(repo_id: RepoId) -> str:
    """The case-folded `namespace/name` that lookups use."""
    return repo_id.full_name.lower()
