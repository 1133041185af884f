"""The person behind credentials, read by the statement that reads the credentials (ADR 11).

Such a statement begins with `PERSON`, has what it needs of its own in the middle, and ends with
`MEMBERSHIPS`: it answers with a row for each membership, and they differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from strata.accounts.factors import demand
from strata.accounts.legal.documents import due
from strata.accounts.standing import standing_at
from strata.core.actor import Actor, Standing, TokenFacts, TokenKind
from strata.core.hub import Hub
from strata.lib.db.columns import to_millis
from strata.organizations.collaborators.shares import SOME
from strata.organizations.roles import roles_in

# Of `users u` and `namespaces n`.
PERSON: Final = (
    "u.id, n.name, u.verified_at, u.admin, u.standing, u.standing_until,"  # noqa: S608 — constants
    f" u.agreed, (SELECT current FROM agreement), (SELECT since FROM agreement), {SOME}"
)
WIDTH: Final = 10  # columns of `PERSON`: where those of the statement begin
# Of `memberships m` and `organizations o`.
MEMBERSHIPS: Final = f"m.organization_id, m.role, {demand.COLUMNS}"
ROLE: Final = slice(-demand.WIDTH - 2, -demand.WIDTH)  # of a row that ends with `MEMBERSHIPS`
# Joins to `users u`.
JOINED: Final = (
    "JOIN namespaces n ON n.id = u.id"
    " LEFT JOIN memberships m ON m.user_id = u.id"
    " LEFT JOIN organizations o ON o.id = m.organization_id"
)


def standing_of(hub: Hub, row: Sequence[Any]) -> Standing:
    """What the person may do at all, at this moment."""
    return standing_at(to_millis(hub.clock()), row[4], row[5])


def works_elsewhere(row: Sequence[Any]) -> bool:
    """Whether they are a collaborator of any repo: then `shares.with_shares` says of which."""
    return bool(row[9])


def owes_a_factor(token: TokenFacts | None) -> bool:
    """Whether organisations may want a second factor of who comes with it; a CI job has none."""
    return token is None or token.kind is not TokenKind.PUBLISHER


def speaker(
    hub: Hub,
    rows: Sequence[Any],
    *,
    token: TokenFacts | None = None,
    ssh_key_id: int | None = None,
) -> Actor:
    """The person with their roles, by the credentials that they came with.

    Args:
        rows: of a statement as above, at least one.
    """
    asking = (row[-demand.WIDTH :] for row in rows) if owes_a_factor(token) else ()
    wanted = demand.demand_of(hub, asking)
    user_id, name, verified_at, admin = rows[0][:4]
    consent = due(hub, *rows[0][6:9])
    return Actor(
        user_id=user_id,
        name=name,
        verified=verified_at is not None,
        admin=bool(admin),
        agree_by=consent.by,
        must_agree=consent.over,
        token=token,
        ssh_key_id=ssh_key_id,
        roles=roles_in(row[ROLE] for row in rows),
        closed=wanted.closed,
        factor_due=wanted.due,
    )
