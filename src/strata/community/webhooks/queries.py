"""All SQL that knows webhooks as well as repos and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.accounts.organizations.tables import organizations
from strata.accounts.tables import namespaces, users
from strata.core.call import Call
from strata.core.names import RepoType
from strata.events.webhooks.record import Domain
from strata.lib.db.database import Prepared
from strata.repos.record import Repo
from strata.repos.tables import repos

# On the path of every commit; where nobody watches, it is all that webhooks cost.
_LISTENING = {
    domain: Prepared(
        "SELECT w.id, w.key, w.owner_id FROM webhooks w"  # noqa: S608 — constant columns
        f" WHERE w.disabled_at IS NULL AND w.{column} AND w.id IN ("
        " SELECT webhook_id FROM webhook_watches WHERE repo_id = :repo_id"
        " UNION SELECT x.webhook_id FROM webhook_watches x"
        " JOIN repos r ON r.owner_id = x.namespace_id WHERE r.id = :repo_id"
        " UNION SELECT webhook_id FROM webhook_watches WHERE namespace_id = :former_owner"
        ") ORDER BY w.id"
    )
    for domain, column in ((Domain.REPO, "on_repos"), (Domain.DISCUSSION, "on_discussions"))
}


@dataclass(frozen=True, slots=True)
class Listening:
    """A webhook that watches what a fact is about."""

    webhook_id: int
    key: str
    owner_id: int


def listening(
    call: Call, domain: Domain, repo_id: int, *, former_owner: int | None = None
) -> list[Listening]:
    """The enabled webhooks that watch the repo or its owner.

    Args:
        former_owner: whoever had the repo before it moved.
    """
    parameters = {"repo_id": repo_id, "former_owner": former_owner or 0}
    return [Listening(*row) for row in _LISTENING[domain].rows(call.db, parameters)]


def repo_even_deleted(call: Call, repo_id: int) -> Repo | None:
    """A repo by its internal id, also one that is being swept away."""
    return repos_by_id(call, [repo_id]).get(repo_id)


def repos_by_id(call: Call, repo_ids: Sequence[int]) -> dict[int, Repo]:
    """Repos by their internal ids, also deleted ones."""
    columns = [repos.c[name] for name in Repo.__dataclass_fields__]
    rows = call.db.execute(sa.select(*columns).where(repos.c.id.in_(repo_ids)))
    return {row.id: _repo(row) for row in rows}


def names_by_id(call: Call, namespace_ids: Sequence[int]) -> dict[int, str]:
    """The names that accounts bear today."""
    rows = call.db.execute(
        sa.select(namespaces.c.id, namespaces.c.name).where(namespaces.c.id.in_(namespace_ids))
    )
    return {row.id: row.name for row in rows}


def public_id(call: Call, namespace_id: int) -> str | None:
    """The 24-hex id of an account."""
    person = sa.select(users.c.public_id).where(users.c.id == namespace_id)
    organization = sa.select(organizations.c.public_id).where(organizations.c.id == namespace_id)
    key: str | None = call.db.scalar(person.union_all(organization))
    return key


def _repo(row: sa.Row[Any]) -> Repo:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 — the documented way to read a Row by name
    return Repo(**{**values, "type": RepoType(values["type"])})
