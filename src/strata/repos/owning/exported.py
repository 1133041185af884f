"""Which repos the copy of somebody's data names: those that they may know of, as things stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.core.call import Call
from strata.core.names import RepoId, RepoType
from strata.core.personal import BATCH
from strata.organizations.collaborators.shares import stand_in
from strata.repos.tables import repos

Rows = Iterator[Mapping[str, object]]


def naming(read: Callable[..., Rows]) -> Callable[..., Rows]:
    """A reader whose rows have the name of a repo (`datasets/ana/one`) instead of its `repo_id`.

    The name is null where the person may no longer know of the repo: it may be another by now.
    """

    def named(call: Call, user_id: int) -> Rows:
        rows = read(call, user_id)
        while batch := list(islice(rows, BATCH)):
            names = _names(call, user_id, [row["repo_id"] for row in batch])
            for row in batch:
                told = {name: value for name, value in row.items() if name != "repo_id"}
                yield {"repo": names.get(row["repo_id"]), **told}

    return named


def with_addresses(read: Callable[..., Rows]) -> Callable[..., Rows]:
    """A reader of a person's own repos that says how to take along what is in each."""

    def addressed(call: Call, user_id: int) -> Rows:
        for row in read(call, user_id):
            repo = RepoId(RepoType(str(row["type"])), str(row["namespace"]), str(row["name"]))
            yield dict(row) if row["deleted_at"] else {**row, **_ways(call, repo)}

    return addressed


def _ways(call: Call, repo: RepoId) -> Mapping[str, str]:
    if repo.type is RepoType.BUCKET:
        return {"download": f"hf buckets sync hf:/{repo.web_path} ."}
    kind = "" if repo.type is RepoType.MODEL else f" --repo-type {repo.type.value}"
    return {
        "git": f"git clone {call.origin.base_url}{repo.web_path}",
        "download": f"hf download {repo.full_name}{kind}",
    }


def _names(call: Call, user_id: int, ids: Sequence[object]) -> dict[object, str]:
    person = stand_in(call, user_id)
    known = sa.select(repos.c.id, repos.c.type, repos.c.namespace, repos.c.name).where(
        repos.c.id.in_(sorted({one for one in ids if isinstance(one, int)})),
        repos.c.deleted_at.is_(None),
        visible(person, repos),
    )
    return {
        row.id: RepoId(RepoType(row.type), row.namespace, row.name).web_path[1:]
        for row in call.db.execute(known)
    }
