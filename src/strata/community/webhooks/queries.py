"""All SQL that knows webhooks as well as repos and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from strata.accounts.tables import namespaces, users
from strata.core.call import Call
from strata.events.webhooks.record import Domain
from strata.lib.db.database import Prepared
from strata.organizations.tables import organizations

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
