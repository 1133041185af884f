"""All SQL about invitations to organisations."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from strata.accounts.invitations import Target, meant_for, sent_to
from strata.accounts.tables import namespaces
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.organizations.inviting.record import Invite
from strata.organizations.inviting.tables import (
    organization_invite_uses as uses,
    organization_invites as invites,
)

MOST_SHOWN: Final = 200
_NAMES = tuple(namespaces.alias() for _ in range(3))
_OWN: Final = tuple(name for name in Invite.__dataclass_fields__ if name in invites.c)


def by_digest(call: Call, digest: str) -> Invite | None:
    """An invitation that can still be used, by its token's digest."""
    return _first(call, invites.c.digest == digest)


def by_id(call: Call, invite_id: int) -> Invite | None:
    """An invitation that can still be used."""
    return _first(call, invites.c.id == invite_id)


def used_by(call: Call, digest: str, user_id: int) -> Invite | None:
    """An invitation that somebody came in with, by its token's digest, also one that is spent."""
    came = sa.exists().where(uses.c.invite_id == invites.c.id, uses.c.user_id == user_id)
    row = call.db.execute(_statement().where(invites.c.digest == digest, came)).first()
    return _invite(row) if row else None


def of_organization(call: Call, organization_id: int) -> list[Invite]:
    """The invitations of an organisation that can still be used, the newest first."""
    return _listed(call, invites.c.organization_id == organization_id)


def of_person(call: Call, user_id: int) -> list[Invite]:
    """Those that name an account, or one of its confirmed addresses."""
    return _listed(call, meant_for(invites, user_id))


def insert(work: Work, values: dict[str, object]) -> None:
    work.db.execute(sa.insert(invites).values(values))


def delete(work: Work, condition: sa.ColumnElement[bool]) -> int:
    """Forget invitations and who used them; how many there were."""
    gone = sa.select(invites.c.id).where(condition)
    # Nobody uses one between the two deletions.
    work.db.execute(gone.order_by(invites.c.id).with_for_update())
    work.db.execute(sa.delete(uses).where(uses.c.invite_id.in_(gone)))
    return work.db.execute(sa.delete(invites).where(condition)).rowcount


def delete_one(work: Work, invite_id: int) -> int:
    """Forget an invitation and who used it; 0: it is gone already."""
    return delete(work, invites.c.id == invite_id)


def delete_same(work: Work, organization_id: int, whom: Target) -> None:
    """Forget what was sent to somebody before."""
    here = invites.c.organization_id == organization_id
    delete(work, sa.and_(here, sent_to(invites, whom)))


def delete_open_to(work: Work, organization_id: int, user_id: int) -> None:
    """Forget what somebody was sent and did not use."""
    here = sa.and_(invites.c.organization_id == organization_id, invites.c.uses_left > 0)
    delete(work, sa.and_(here, meant_for(invites, user_id)))


def close_links_to(work: Work, organization_id: int, user_id: int) -> None:
    """Let somebody in by no link that there is."""
    link = sa.and_(invites.c.user_id.is_(None), invites.c.email_key.is_(None))
    there = sa.select(invites.c.id, sa.literal(user_id)).where(
        invites.c.organization_id == organization_id, link
    )
    fresh = upsert(work.db, uses).from_select(["invite_id", "user_id"], there)
    work.db.execute(fresh.on_conflict_do_nothing())


def forget_old(work: Work) -> None:
    """Forget what nobody can use any more."""
    delete(work, invites.c.expires_at <= work.now)


def use_up(work: Work, invite_id: int) -> bool:
    """Take one use; False: there was none left, also if two came together."""
    taken = (
        sa.update(invites)
        .where(invites.c.id == invite_id, invites.c.uses_left > 0, invites.c.expires_at > work.now)
        .values(uses_left=invites.c.uses_left - 1)
    )
    return work.db.execute(taken).rowcount == 1


def note_use(work: Work, invite_id: int, user_id: int) -> bool:
    """Write down who came in; False: they are there already, also if they came twice at once."""
    fresh = upsert(work.db, uses).values(invite_id=invite_id, user_id=user_id)
    return work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1


def has_used(call: Call, invite_id: int, user_id: int) -> bool:
    """Whether somebody came in with this link before."""
    found = sa.select(uses.c.user_id).where(
        uses.c.invite_id == invite_id, uses.c.user_id == user_id
    )
    return call.db.execute(found).first() is not None


def _statement() -> sa.Select[Any]:
    organization, inviter, invitee = _NAMES
    return (
        sa.select(
            *(invites.c[name] for name in _OWN),
            organization.c.name.label("organization"),
            sa.func.coalesce(inviter.c.name, "").label("inviter"),
            sa.func.coalesce(invitee.c.name, "").label("invitee"),
        )
        .join(organization, organization.c.id == invites.c.organization_id)
        .outerjoin(inviter, inviter.c.id == invites.c.inviter_id)
        .outerjoin(invitee, invitee.c.id == invites.c.user_id)
    )


def _usable(call: Call) -> sa.Select[Any]:
    return _statement().where(invites.c.uses_left > 0, invites.c.expires_at > call.now)


def _listed(call: Call, condition: sa.ColumnElement[bool]) -> list[Invite]:
    newest = _usable(call).where(condition).order_by(invites.c.id.desc()).limit(MOST_SHOWN)
    return [_invite(row) for row in call.db.execute(newest)]


def _first(call: Call, condition: sa.ColumnElement[bool]) -> Invite | None:
    row = call.db.execute(_usable(call).where(condition)).first()
    return _invite(row) if row else None


def _invite(row: sa.Row[Any]) -> Invite:
    values = dict(row._mapping)  # noqa: SLF001 — the documented way to read a Row by name
    return Invite(**values | {"role": Role(row.role)})
