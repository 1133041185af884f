"""What a caller may see, as a condition that the database evaluates.

Lists, counts and searches put it into their WHERE, so a private repo leaks by no count, cursor or
order.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.access.policy import namespaces_with
from strata.access.record import Standing
from strata.access.tables import access_requests
from strata.core.actor import Actor, Role


def visible(
    actor: Actor, *, private: sa.ColumnElement[bool], owner_id: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.may_see` is true."""
    if actor.system:
        return sa.true()
    public = private.is_(sa.false())
    readable = namespaces_with(actor, Role.READ)
    return sa.or_(public, owner_id.in_(readable)) if readable else public


def hidden(
    actor: Actor, *, private: sa.ColumnElement[bool], owner_id: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The same for private repos alone: what one caller sees and others do not."""
    if actor.system:
        return private.is_(sa.true())
    return sa.and_(private.is_(sa.true()), owner_id.in_(namespaces_with(actor, Role.READ)))


def shows_members(
    actor: Actor, *, hidden: sa.ColumnElement[bool], key: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.may_see_members` is true of an organisation."""
    if actor.system:
        return sa.true()
    return sa.or_(hidden.is_(sa.false()), key.in_(sorted(actor.roles)))


def readable(actor: Actor, repo: sa.Table) -> sa.ColumnElement[bool]:
    """The condition under which `access.gates.admit` lets the caller read the files.

    Args:
        repo: `repos`, or what has its columns.
    """
    columns = repo.c
    seen = visible(actor, private=columns.private, owner_id=columns.owner_id)
    if actor.system:
        return seen
    inside: list[sa.ColumnElement[bool]] = [columns.gated.is_(None)]
    if actor.user_id is not None:
        inside += [_belongs(actor, repo), _let_in(actor.user_id, repo)]
    return sa.and_(seen, sa.or_(*inside))


def _belongs(actor: Actor, repo: sa.Table) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.belongs` is true."""
    ungated = sa.or_(~repo.c.gate_members, repo.c.created_by == actor.user_id)
    member = repo.c.owner_id.in_(namespaces_with(actor, Role.READ))
    admin = repo.c.owner_id.in_(namespaces_with(actor, Role.ADMIN))
    return sa.or_(admin, sa.and_(member, ungated))


def _let_in(user_id: int, repo: sa.Table) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        access_requests.c.repo_id == repo.c.id,
        access_requests.c.user_id == user_id,
        access_requests.c.status == Standing.ACCEPTED.value,
    )
