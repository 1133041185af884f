"""What a caller may see, as a condition that the database evaluates.

Lists, counts and searches put it into their WHERE, so a private repo leaks by no count, cursor or
order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa

from strata.access.gates.record import Standing
from strata.access.gates.tables import access_requests
from strata.access.policy.narrowing import bar_of, bound_to, lets
from strata.access.policy.roles import namespaces_with
from strata.access.policy.things import Thing
from strata.core.actor import Actor, Role
from strata.core.permissions import Permission

_READ = {Thing.REPO: Permission.CONTENT_READ, Thing.COLLECTION: Permission.COLLECTION_READ}


# Whether a column holds one of the numbers that a field of `Opened` lists.
Held = Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Opened:
    """What of the private things a caller sees."""

    namespaces: list[int]  # all that stands in them
    items: list[int]  # these, one by one,
    within: list[int]  # where they stand in one of these namespaces
    shared: list[int]  # repos on which they are a collaborator, wherever they stand


class Sight(Enum):
    """Of what the condition on what a caller may see consists, whoever it is."""

    EVERYTHING = auto()
    PUBLIC = auto()
    OWN = auto()  # and what stands in some namespaces
    NAMED = auto()  # and single things besides


def opened_to(actor: Actor, thing: Thing = Thing.REPO) -> Opened:
    """What stands in the person's namespaces, as far as the token opens it."""
    namespaces = _taken(actor, Role.READ)
    permission = _READ[thing]
    whole = [one for one in namespaces if lets(actor, permission, one)]
    bound = bound_to(actor)
    singly = namespaces if bound is None else [one for one in namespaces if one in bound]
    part = [one for one in singly if one not in whole]
    shared = _shared(actor, permission) if thing is Thing.REPO else []
    return Opened(whole, _items(actor, permission, thing), part, shared)


def sight_of(actor: Actor, opened: Opened) -> Sight:
    """How a caller sees to whom so much is opened."""
    if actor.system:
        return Sight.EVERYTHING
    if opened.items or opened.shared:
        return Sight.NAMED
    return Sight.OWN if opened.namespaces else Sight.PUBLIC


def visible(
    actor: Actor, table: sa.FromClause, thing: Thing = Thing.REPO
) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.seeing.may_see` is true.

    Args:
        table: of such things, or what has its columns `id`, `owner_id` and `private`.
    """
    opened = opened_to(actor, thing)
    return seen(sight_of(actor, opened), table, lambda one, field: one.in_(getattr(opened, field)))


def seen(sight: Sight, table: sa.FromClause, held: Held) -> sa.ColumnElement[bool]:
    """The same for statements that are kept as text, whoever asks."""
    if sight is Sight.EVERYTHING:
        return sa.true()
    public = table.c.private.is_(sa.false())
    return public if sight is Sight.PUBLIC else sa.or_(public, _opened(sight, table, held))


def seen_alone(sight: Sight, table: sa.FromClause, held: Held) -> sa.ColumnElement[bool]:
    """The same for private things alone: what one caller sees and others do not."""
    private = table.c.private.is_(sa.true())
    if sight is Sight.EVERYTHING:
        return private
    return sa.false() if sight is Sight.PUBLIC else sa.and_(private, _opened(sight, table, held))


def governed(actor: Actor, owner: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The condition under which the caller may decide about all that a namespace has.

    A narrowed token never may: what waits for a decision names people.

    Args:
        owner: the id of the namespace.
    """
    return sa.true() if actor.system else owner.in_(governed_by(actor))


def governed_by(actor: Actor) -> list[int]:
    """The namespaces for which `governed` is true."""
    return [] if actor.grants is not None else _taken(actor, Role.ADMIN)


def readable(actor: Actor, repo: sa.Table) -> sa.ColumnElement[bool]:
    """The condition under which `access.gates.admit` lets the caller read the files.

    Args:
        repo: `repos`, or what has its columns.
    """
    columns = repo.c
    known = visible(actor, repo)
    if actor.system:
        return known
    inside: list[sa.ColumnElement[bool]] = [columns.gated.is_(None)]
    if actor.user_id is not None:
        let_in = sa.or_(_belongs(actor, repo), _let_in(actor.user_id, repo))
        inside.append(sa.and_(let_in, _gate_opened(actor, repo)))
    return sa.and_(known, sa.or_(*inside))


def _opened(sight: Sight, table: sa.FromClause, held: Held) -> sa.ColumnElement[bool]:
    whole = held(table.c.owner_id, "namespaces")
    if sight is Sight.OWN:
        return whole
    named = sa.and_(held(table.c.id, "items"), held(table.c.owner_id, "within"))
    return sa.or_(whole, held(table.c.id, "shared"), named)


def _shared(actor: Actor, permission: Permission) -> list[int]:
    """What the person sees as a collaborator, as far as the token opens it."""
    return sorted(
        repo_id
        for repo_id, share in actor.shares.items()
        if bar_of(actor, share.owner_id) is None
        and lets(actor, permission, share.owner_id, (Thing.REPO, repo_id))
    )


def _taken(actor: Actor, role: Role) -> list[int]:
    """The namespaces with this role, without those that keep the token out."""
    return [one for one in namespaces_with(actor, role) if bar_of(actor, one) is None]


def _items(actor: Actor, permission: Permission, thing: Thing) -> list[int]:
    """What the token opens one by one, wherever it is."""
    grants = actor.grants
    if grants is None:
        return []
    named = grants.repos if thing is Thing.REPO else grants.collections
    return sorted(one for one in named if lets(actor, permission, None, (thing, one)))


def _gate_opened(actor: Actor, repo: sa.Table) -> sa.ColumnElement[bool]:
    """The condition under which the token reads gated files that its person may read."""
    grants, bars = actor.grants, {*actor.closed, *(actor.token.bars if actor.token else ())}
    kept_out = repo.c.owner_id.not_in(sorted(bars)) if bars else sa.true()
    if grants is None or lets(actor, Permission.CONTENT_READ, None):
        return kept_out
    whole = [key for key in grants.namespaces if lets(actor, Permission.CONTENT_READ, key)]
    named: sa.ColumnElement[bool] = repo.c.id.in_(
        _items(actor, Permission.CONTENT_READ, Thing.REPO)
    )
    bound = bound_to(actor)
    if bound is not None:
        named = sa.and_(named, repo.c.owner_id.in_(sorted(bound)))
    opened = [repo.c.owner_id.in_(sorted(whole)), named]
    if grants.gated:
        opened.append(repo.c.private.is_(sa.false()))
    return sa.and_(kept_out, sa.or_(*opened))


def _belongs(actor: Actor, repo: sa.Table) -> sa.ColumnElement[bool]:
    """The condition under which `access.policy.gate.belongs` is true."""
    ungated = sa.or_(~repo.c.gate_members, repo.c.created_by == actor.user_id)
    member = repo.c.owner_id.in_(namespaces_with(actor, Role.READ))
    admin = repo.c.owner_id.in_(namespaces_with(actor, Role.ADMIN))
    own = sa.or_(admin, sa.and_(member, ungated))
    return sa.or_(own, repo.c.id.in_(sorted(actor.shares))) if actor.shares else own


def _let_in(user_id: int, repo: sa.Table) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        access_requests.c.repo_id == repo.c.id,
        access_requests.c.user_id == user_id,
        access_requests.c.status == Standing.ACCEPTED.value,
    )
