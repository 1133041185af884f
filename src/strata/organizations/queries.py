"""All SQL about organisations and their members."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.standing import shown_accounts
from strata.accounts.tables import namespaces, users
from strata.core.actor import Role, Standing
from strata.core.call import Call, Work
from strata.lib.db.seek import Page, Window, page_down
from strata.lib.db.statements import upsert
from strata.organizations.record import Member, Membership, Organization
from strata.organizations.tables import memberships, organizations

MOST_ADMINS = 20  # of an organisation that are written to
_COLUMNS = tuple(
    organizations.c[name] for name in Organization.__dataclass_fields__ if name != "name"
)


def by_name(call: Call, name: str) -> Organization | None:
    """An organisation by its name in any casing."""
    if "\0" in name:  # PostgreSQL refuses even to look for it
        return None
    row = call.db.execute(_organizations().where(namespaces.c.key == name.lower())).first()
    return _organization(row) if row else None


def by_id(call: Call, organization_id: int) -> Organization | None:
    """An organisation by its row; None: it was deleted, or the row is a person's."""
    row = call.db.execute(_organizations().where(organizations.c.id == organization_id)).first()
    return _organization(row) if row else None


def everyone(call: Call, *, limit: int = 1000, after_id: int = 0) -> list[Organization]:
    """Organisations in the order in which they were created."""
    statement = _organizations().where(organizations.c.id > after_id)
    rows = call.db.execute(statement.order_by(organizations.c.id).limit(limit))
    return [_organization(row) for row in rows]


def private_by_default(call: Call, organization_id: int) -> bool:
    """Whether new repos start private there; False where there is no such organisation."""
    found = call.db.scalar(
        sa.select(organizations.c.private_by_default).where(organizations.c.id == organization_id)
    )
    return bool(found)


def insert(work: Work, organization: Organization) -> None:
    values = {name: getattr(organization, name) for name in (c.name for c in _COLUMNS)}
    work.db.execute(sa.insert(organizations).values(values))


def update(work: Work, organization_id: int, **values: object) -> None:
    """Write some columns of an organisation."""
    theirs = sa.update(organizations).where(organizations.c.id == organization_id)
    work.db.execute(theirs.values(**values))


def locked(work: Work, organization_id: int) -> None:
    """Make other transactions on its members wait; SQLite has one writer anyway."""
    work.db.execute(
        sa.select(organizations.c.id).where(organizations.c.id == organization_id).with_for_update()
    )


def memberships_of(call: Call, user_id: int) -> list[Membership]:
    """A person's organisations by name."""
    statement = (
        _organizations(memberships.c.role)
        .join(memberships, memberships.c.organization_id == organizations.c.id)
        .where(memberships.c.user_id == user_id)
        .order_by(namespaces.c.key)
    )
    return [Membership(_organization(row), Role(row.role)) for row in call.db.execute(statement)]


def shown_members_of(call: Call, organization_id: int, window: Window) -> Page[Member]:
    """The same without those whose accounts are closed: nobody but admins is told of these."""
    return _page_of(call, _members(organization_id).where(shown_accounts(call.now)), window)


def count_shown_members(call: Call, organization_id: int) -> int:
    """How many of those there are."""
    return (
        call.db.scalar(
            sa.select(sa.func.count())
            .select_from(memberships)
            .join(users, users.c.id == memberships.c.user_id)
            .where(memberships.c.organization_id == organization_id, shown_accounts(call.now))
        )
        or 0
    )


def members_of(call: Call, organization_id: int, window: Window) -> Page[Member]:
    """Members, the newest accounts first."""
    return _page_of(call, _members(organization_id), window)


def _members(organization_id: int) -> sa.Select[Any]:
    return (
        people.faces()
        .add_columns(memberships.c.role, memberships.c.joined_at, users.c.has_factor)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(memberships.c.organization_id == organization_id)
    )


def _page_of(call: Call, statement: sa.Select[Any], window: Window) -> Page[Member]:
    return page_down(call.db, statement, window, (memberships.c.user_id,), _member)


def wants_factor(call: Call, owner_id: int) -> bool:
    """Whether the owner is an organisation that asks its people for a second factor."""
    wanted = sa.select(organizations.c.factor_from).where(organizations.c.id == owner_id)
    return call.db.scalar(wanted) is not None


def role_of(call: Call, organization_id: int, user_id: int) -> Role | None:
    """The role of a member; None for everybody else."""
    role = call.db.scalar(sa.select(memberships.c.role).where(_place(organization_id, user_id)))
    return Role(role) if role else None


def set_role(work: Work, organization_id: int, user_id: int, role: Role) -> None:
    """Make somebody a member, or give a member another role."""
    fresh = upsert(work.db, memberships).values(
        organization_id=organization_id, user_id=user_id, role=role.value, joined_at=work.now
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=["organization_id", "user_id"], set_={"role": role.value}
        )
    )


def remove(work: Work, organization_id: int, user_id: int) -> None:
    """Forget a membership; nothing happens where there is none."""
    work.db.execute(sa.delete(memberships).where(_place(organization_id, user_id)))


def count_members(call: Call, organization_id: int, *roles: Role) -> int:
    """How many members there are, or how many with one of the roles."""
    statement = (
        sa.select(sa.func.count())
        .select_from(memberships)
        .where(memberships.c.organization_id == organization_id)
    )
    if roles:
        statement = statement.where(memberships.c.role.in_([role.value for role in roles]))
    return call.db.scalar(statement) or 0


def has_other_admin(call: Call, organization_id: int, user_id: int) -> bool:
    """Whether somebody else administers an organisation whose account is open, and stays so."""
    others = (
        sa.select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(
            memberships.c.organization_id == organization_id,
            memberships.c.user_id != user_id,
            memberships.c.role == Role.ADMIN.value,
            users.c.standing == Standing.ACTIVE.value,
        )
    )
    return call.db.execute(others.limit(1)).first() is not None


def admins_of(call: Call, organization_id: int) -> list[people.User]:
    """The admins of an organisation who can act, those who joined first in front."""
    ids = call.db.scalars(
        sa.select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(
            memberships.c.organization_id == organization_id,
            memberships.c.role == Role.ADMIN.value,
            shown_accounts(call.now),
        )
        .order_by(memberships.c.joined_at, memberships.c.user_id)
        .limit(MOST_ADMINS)
    )
    found = [people.by_id(call, user_id) for user_id in ids.all()]
    return [one for one in found if one is not None]


def _member(row: sa.Row[Any]) -> Member:
    return Member(people.face(row), Role(row.role), row.joined_at, row.has_factor)


def _place(organization_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        memberships.c.organization_id == organization_id, memberships.c.user_id == user_id
    )


def _organizations(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*_COLUMNS, namespaces.c.name, *more)
        .select_from(organizations)
        .join(namespaces, namespaces.c.id == organizations.c.id)
    )


def _organization(row: sa.Row[Any]) -> Organization:
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    return Organization(**{name: values[name] for name in Organization.__dataclass_fields__})
