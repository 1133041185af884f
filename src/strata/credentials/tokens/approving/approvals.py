"""What organisations say of single tokens (product §3.10); their admins say so in `access`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.core.actor import Role, TokenKind
from strata.core.call import Call, Work
from strata.credentials.tokens.approving import asking
from strata.credentials.tokens.tables import token_organizations as approvals, tokens
from strata.lib.db.statements import upsert
from strata.organizations.collaborators import shares
from strata.organizations.tables import memberships
from strata.organizations.token_policy import Approval


@dataclass(frozen=True, slots=True)
class Asked:
    """A token that names an organisation, as its admins see it."""

    token_id: int
    token_name: str
    kind: TokenKind
    user_id: int
    user_name: str
    grants: dict[str, Any] | None
    suffix: str
    state: Approval
    asked_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    seen: str  # of what it asks for: an approval is of exactly that


def ask(work: Work, token_id: int, owner_id: int, organization_ids: Iterable[int]) -> None:
    """Note which organisations a token names; what was said of other scopes holds no more.

    An admin's own token is approved, and what was revoked stays so.
    """
    wanted = frozenset(organization_ids)
    gone = sa.and_(
        approvals.c.token_id == token_id,
        approvals.c.organization_id.not_in(sorted(wanted)),
        approvals.c.state != Approval.REVOKED.value,
    )
    work.db.execute(sa.delete(approvals).where(gone))
    managed = _managed(work, owner_id)
    for organization_id in sorted(wanted):
        own = organization_id in managed
        _put(work, token_id, organization_id, Approval.APPROVED if own else Approval.PENDING)
        if not own:
            asking.tell_admins(work, organization_id, token_id)


def decide(work: Work, token_id: int, organization_id: int, state: Approval) -> None:
    """Write down what an admin says of a token, whether it was asked or not."""
    values = {"state": state.value, "decided_at": work.now, "decided_by": work.actor.user_id}
    fresh = upsert(work.db, approvals).values(
        token_id=token_id, organization_id=organization_id, asked_at=work.now, **values
    )
    here = [approvals.c.token_id, approvals.c.organization_id]
    work.db.execute(fresh.on_conflict_do_update(index_elements=here, set_=values))


def asked_of(call: Call, organization_id: int) -> list[Asked]:
    """The tokens of today's people that name an organisation, those that wait first."""
    waiting = sa.case((approvals.c.state == Approval.PENDING.value, 0), else_=1)
    rows = call.db.execute(
        _asked()
        .where(approvals.c.organization_id == organization_id)
        .order_by(waiting, approvals.c.asked_at.desc(), approvals.c.token_id)
    )
    return [_one(call, row) for row in rows]


def asked_for(call: Call, token_id: int, organization_id: int) -> Asked | None:
    """One of them."""
    here = (approvals.c.organization_id == organization_id, approvals.c.token_id == token_id)
    row = call.db.execute(_asked().where(*here)).first()
    return _one(call, row) if row else None


def said_of(call: Call, owner_id: int) -> dict[int, list[tuple[str, Approval]]]:
    """What organisations say of somebody's tokens, by the token: names and states."""
    rows = call.db.execute(
        sa.select(approvals.c.token_id, namespaces.c.name, approvals.c.state)
        .join(tokens, tokens.c.id == approvals.c.token_id)
        .join(namespaces, namespaces.c.id == approvals.c.organization_id)
        .where(tokens.c.user_id == owner_id)
        .order_by(namespaces.c.key)
    )
    said: dict[int, list[tuple[str, Approval]]] = {}
    for token_id, name, state in rows:
        said.setdefault(token_id, []).append((name, Approval(state)))
    return said


def _managed(work: Work, owner_id: int) -> frozenset[int]:
    admin = (memberships.c.user_id == owner_id, memberships.c.role == Role.ADMIN.value)
    return frozenset(work.db.scalars(sa.select(memberships.c.organization_id).where(*admin)))


def _put(work: Work, token_id: int, organization_id: int, state: Approval) -> None:
    values = {
        "state": state.value,
        "asked_at": work.now,
        "decided_at": work.now if state is Approval.APPROVED else None,
        "decided_by": None,
    }
    fresh = upsert(work.db, approvals).values(
        token_id=token_id, organization_id=organization_id, **values
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[approvals.c.token_id, approvals.c.organization_id],
            set_=values,
            where=approvals.c.state != Approval.REVOKED.value,
        )
    )


def _asked() -> sa.Select[Any]:
    return (
        sa.select(
            tokens.c.id,
            tokens.c.name.label("token_name"),
            tokens.c.kind,
            tokens.c.user_id,
            namespaces.c.name.label("user_name"),
            tokens.c.grants,
            tokens.c.suffix,
            approvals.c.state,
            approvals.c.asked_at,
            tokens.c.expires_at,
            tokens.c.last_used_at,
        )
        .join(approvals, approvals.c.token_id == tokens.c.id)
        .join(namespaces, namespaces.c.id == tokens.c.user_id)
        .where(sa.or_(_belongs(), shares.works_for(approvals.c.organization_id, tokens.c.user_id)))
    )


def _belongs() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        memberships.c.user_id == tokens.c.user_id,
        memberships.c.organization_id == approvals.c.organization_id,
    )


def _one(call: Call, row: sa.Row[Any]) -> Asked:
    # Keyed, as it tells of what else the token opens, too.
    asked_for = json.dumps(row.grants, sort_keys=True)
    return Asked(
        token_id=row.id,
        token_name=row.token_name,
        kind=TokenKind(row.kind),
        user_id=row.user_id,
        user_name=row.user_name,
        grants=row.grants,
        suffix=row.suffix,
        state=Approval(row.state),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        seen=call.hub.secrets.digest("token.asked", asked_for),
    )
