"""What the person may, whatever the token: everything here follows from roles.

The role in a namespace is everything in one's own, in an organisation's what its members list says.
On a single repo a collaborator has one, too; it never reaches further than that repo: neither to
its name nor to its place in the namespace.
"""

from __future__ import annotations

from strata.access.policy.things import Governed, Thing
from strata.core.actor import Actor, Role


def role_in(actor: Actor, namespace_id: int | None) -> Role:
    """The person's role in a namespace.

    A stranger, and a namespace that is not there, has none.
    """
    if namespace_id is None:
        return Role.NO_ACCESS
    if actor.user_id == namespace_id:
        return Role.ADMIN
    return actor.roles.get(namespace_id, Role.NO_ACCESS)


def role_on(actor: Actor, thing: Governed) -> Role:
    """The person's role on one thing: its namespace's, or a collaborator's.

    The stronger of the two counts.
    """
    role = role_in(actor, thing.owner_id)
    share = actor.shares.get(thing.id) if thing.thing is Thing.REPO else None
    return role if share is None or role.reaches(share.role) else share.role


def namespaces_with(actor: Actor, role: Role) -> list[int]:
    """The namespaces in which the person's role reaches `role`."""
    known = [] if actor.user_id is None else [actor.user_id]
    return known + sorted(key for key, held in actor.roles.items() if held.reaches(role))


def made_it(actor: Actor, thing: Governed) -> bool:
    """Whether the person created it."""
    return actor.user_id is not None and thing.created_by == actor.user_id


def may_create(actor: Actor, namespace_id: int | None) -> bool:
    """Whether the person may create repos in a namespace."""
    return actor.system or role_in(actor, namespace_id).reaches(Role.CONTRIBUTOR)


def may_manage(actor: Actor, organization_id: int) -> bool:
    """Whether the person may change the members of an organisation."""
    return actor.system or role_in(actor, organization_id) is Role.ADMIN


def may_change(actor: Actor, repo: Governed) -> bool:
    """Whether the person may write to the repo and manage it."""
    return actor.system or _changes(actor, repo, role_on(actor, repo))


def may_share(actor: Actor, repo: Governed) -> bool:
    """Whether the person may say who else works on the repo."""
    return actor.system or role_on(actor, repo) is Role.ADMIN


def may_appoint(actor: Actor, repo: Governed) -> bool:
    """Whether the person may make and unmake admins of the repo.

    Only who decides over its namespace: an admin of the repo does not multiply.
    """
    return may_manage(actor, repo.owner_id)


def may_remove(actor: Actor, repo: Governed) -> bool:
    """Whether the person may rename and delete the repo; no collaborator may."""
    return actor.system or _changes(actor, repo, role_in(actor, repo.owner_id))


def may_transfer(actor: Actor, repo: Governed) -> bool:
    """Whether the person may give the repo to another namespace."""
    return may_manage(actor, repo.owner_id)


def _changes(actor: Actor, repo: Governed, role: Role) -> bool:
    return role.reaches(Role.WRITE) or (role is Role.CONTRIBUTOR and made_it(actor, repo))
