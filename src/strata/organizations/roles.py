"""The roles that a request's person has, for its `Actor`.

The statements that read credentials bring them along (`speakers`); whoever acts for a person
without any asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from strata.accounts.factors.demand import COLUMNS, WIDTH, demand_of
from strata.core.actor import Role
from strata.core.call import Call
from strata.lib.db.database import Prepared

_OF = Prepared(
    f"SELECT m.organization_id, m.role, {COLUMNS} FROM memberships m"  # noqa: S608 — constants
    " JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.organization_id"
    " WHERE m.user_id = :user_id"
)


def roles_of(call: Call, user_id: int) -> Mapping[int, Role]:
    """A person's role by the id of the organisation; without those that keep the person out."""
    rows = _OF.rows(call.db, {"user_id": user_id})
    closed = demand_of(call.hub, (row[-WIDTH:] for row in rows)).closed
    return roles_in(row[:2] for row in rows if row[0] not in closed)


def roles_in(pairs: Iterable[tuple[int | None, str | None]]) -> Mapping[int, Role]:
    """Read (organisation, role) pairs; an outer join's empty one says nothing."""
    return {
        organization: Role(role)
        for organization, role in pairs
        if organization is not None and role is not None
    }
