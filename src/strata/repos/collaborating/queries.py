"""All SQL about collaborators and invitations to become one."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.accounts.invitations import Target, meant_for, sent_to
from strata.accounts.standing import shown_accounts
from strata.accounts.tables import namespaces, users
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.names import RepoId, RepoType
from strata.lib.db.statements import upsert
from strata.organizations.collaborators.tables import (
    collaborators,
    repo_invites as invites,
)
from strata.repos.collaborating.record import Collaboration, Collaborator, Invite
from strata.repos.queries import COLUMNS, repo_of
from strata.repos.tables import repos

MOST_SHOWN: Final = 200
_OWN: Final = tuple(name for name in Invite.__dataclass_fields__ if name in invites.c)


def of_repo(call: Call, repo_id: int) -> list[Collaborator]:
    """Who works on a repo, by name; without accounts that are closed, whose place stays."""
    adder = namespaces.alias("adder")
    rows = call.db.execute(
        sa.select(
            collaborators.c.user_id,
            users.c.public_id,
            namespaces.c.name,
            users.c.full_name,
            collaborators.c.role,
            collaborators.c.added_at,
            adder.c.name.label("added_by"),
        )
        .join(users, users.c.id == collaborators.c.user_id)
        .join(namespaces, namespaces.c.id == collaborators.c.user_id)
        .outerjoin(adder, adder.c.id == collaborators.c.added_by)
        .where(collaborators.c.repo_id == repo_id, shown_accounts(call.now))
        .order_by(namespaces.c.key)
        .limit(MOST_SHOWN)
    )
    return [Collaborator(**{**row._mapping, "role": Role(row.role)}) for row in rows]  # noqa: SLF001 — the documented way to read a Row by name


def role_of(call: Call, repo_id: int, user_id: int) -> Role | None:
    """A collaborator's role; None: they are none."""
    held = call.db.scalar(sa.select(collaborators.c.role).where(_place(repo_id, user_id)))
    return None if held is None else Role(held)


def held_role(work: Work, repo_id: int, user_id: int) -> Role | None:
    """The same to change it: nobody else does meanwhile."""
    here = sa.select(collaborators.c.role).where(_place(repo_id, user_id)).with_for_update()
    held = work.db.scalar(here)
    return None if held is None else Role(held)


def put(work: Work, repo_id: int, user_id: int, role: Role, added_by: int) -> None:
    """Make somebody a collaborator, or give them another role."""
    fresh = upsert(work.db, collaborators).values(
        repo_id=repo_id, user_id=user_id, role=role.value, added_by=added_by, added_at=work.now
    )
    here = [collaborators.c.repo_id, collaborators.c.user_id]
    work.db.execute(fresh.on_conflict_do_update(index_elements=here, set_={"role": role.value}))


def remove(work: Work, repo_id: int, user_id: int) -> None:
    work.db.execute(sa.delete(collaborators).where(_place(repo_id, user_id)))


def forget(work: Work, repo_id: int) -> None:
    """Nobody works on a repo that is deleted, and nobody is invited to.

    The invitations go first: whoever accepts one this moment holds it, and is found afterwards.
    """
    work.db.execute(sa.delete(invites).where(invites.c.repo_id == repo_id))
    work.db.execute(sa.delete(collaborators).where(collaborators.c.repo_id == repo_id))


def count_of_repo(call: Call, repo_id: int) -> int:
    """Collaborators and invitations of a repo."""
    counted = (
        sa.select(sa.func.count()).select_from(one).where(one.c.repo_id == repo_id)
        for one in (collaborators, invites)
    )
    return sum(int(call.db.scalar(one) or 0) for one in counted)


def count_of_person(call: Call, user_id: int) -> int:
    """On how many repos somebody works."""
    mine = sa.select(sa.func.count()).select_from(collaborators)
    return int(call.db.scalar(mine.where(collaborators.c.user_id == user_id)) or 0)


def of_person(call: Call, user_id: int) -> list[Collaboration]:
    """The living repos on which somebody works and that the caller sees, by name."""
    rows = call.db.execute(
        sa.select(
            repos.c.type,
            repos.c.namespace,
            repos.c.name,
            repos.c.private,
            collaborators.c.role,
            collaborators.c.added_at,
        )
        .join(collaborators, collaborators.c.repo_id == repos.c.id)
        .where(
            collaborators.c.user_id == user_id,
            repos.c.deleted_at.is_(None),
            visible(call.actor, repos),
        )
        .order_by(repos.c.path_key, repos.c.type)
    )
    return [
        Collaboration(
            RepoId(RepoType(row.type), row.namespace, row.name),
            row.private,
            Role(row.role),
            row.added_at,
        )
        for row in rows
    ]


def insert_invite(work: Work, values: dict[str, object]) -> None:
    work.db.execute(sa.insert(invites).values(values))


def delete_invite(work: Work, key: str) -> bool:
    """Take an invitation away; False: it is gone already, also if two came together."""
    gone = sa.delete(invites).where(invites.c.key == key, invites.c.expires_at > work.now)
    return work.db.execute(gone).rowcount == 1


def forget_same(work: Work, repo_id: int, whom: Target) -> list[str]:
    """Forget what was sent to somebody before; the keys."""
    gone = sa.delete(invites).where(invites.c.repo_id == repo_id, sent_to(invites, whom))
    return list(work.db.scalars(gone.returning(invites.c.key)))


def invite_by_digest(call: Call, digest: str) -> Invite | None:
    """An invitation that can still be used, by its token's digest."""
    return _first(call, invites.c.digest == digest)


def invite_by_key(call: Call, key: str) -> Invite | None:
    """An invitation that can still be used."""
    if "\0" in key:  # PostgreSQL refuses even to look for it
        return None
    return _first(call, invites.c.key == key)


def invites_of_repo(call: Call, repo_id: int) -> list[Invite]:
    """The invitations to a repo that can still be used, the newest first."""
    return _listed(call, invites.c.repo_id == repo_id)


def invites_of_person(call: Call, user_id: int) -> list[Invite]:
    """Those that name an account, or one of its confirmed addresses."""
    return _listed(call, meant_for(invites, user_id))


def _place(repo_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(collaborators.c.repo_id == repo_id, collaborators.c.user_id == user_id)


def _statement(call: Call) -> sa.Select[Any]:
    inviter, invitee = namespaces.alias("inviter"), namespaces.alias("invitee")
    return (
        sa.select(
            *(invites.c[name].label(f"invite_{name}") for name in _OWN),
            inviter.c.name.label("inviter"),
            sa.func.coalesce(invitee.c.name, "").label("invitee"),
            *(repos.c[name] for name in COLUMNS),
        )
        .join(repos, sa.and_(repos.c.id == invites.c.repo_id, repos.c.deleted_at.is_(None)))
        .join(inviter, inviter.c.id == invites.c.inviter_id)
        .outerjoin(invitee, invitee.c.id == invites.c.user_id)
        .where(invites.c.expires_at > call.now)
    )


def _listed(call: Call, condition: sa.ColumnElement[bool]) -> list[Invite]:
    newest = _statement(call).where(condition).order_by(invites.c.id.desc()).limit(MOST_SHOWN)
    return [_invite(row) for row in call.db.execute(newest)]


def _first(call: Call, condition: sa.ColumnElement[bool]) -> Invite | None:
    row = call.db.execute(_statement(call).where(condition)).first()
    return _invite(row) if row else None


def _invite(row: sa.Row[Any]) -> Invite:
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    own = {name: values[f"invite_{name}"] for name in _OWN}
    own |= {"role": Role(own["role"]), "inviter": row.inviter, "invitee": row.invitee}
    return Invite(repo=repo_of(row), **own)
