"""Who may know of what: "hidden equals missing" lives here.

A private repo answers strangers exactly as a repo that does not exist, whatever they try. The same
for lists, as a condition for the database, stands in `access.visibility`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.access.policy.narrowing import bar_of, leaves, lets, require_unbarred
from strata.access.policy.persons import require_person
from strata.access.policy.roles import role_on
from strata.access.policy.things import Governed, Membered
from strata.access.policy.verbs import Action
from strata.core.actor import Actor, Role
from strata.core.errors import Forbidden, RepoNotFound
from strata.core.permissions import Permission

NO_MEMBER: Final = "You are not a member of this organization"


def may_see(actor: Actor, repo: Governed) -> bool:
    """Whether the caller may know that the repo exists."""
    if not repo.private or actor.system:
        return True
    return _may_know(actor, repo) and bar_of(actor, repo.owner_id) is None


def require_sight(actor: Actor, repo: Governed) -> None:
    """Insist that the caller may know that the repo exists.

    Raises:
        RepoNotFound: they may not.
        Forbidden: they might, but the organisation keeps them or the token out, and says so.
    """
    if not repo.private:
        return
    if not _may_know(actor, repo):
        raise RepoNotFound(hidden=True)
    require_unbarred(actor, repo.owner_id)


def _may_know(actor: Actor, repo: Governed) -> bool:
    """The same, if the organisation has nothing against the token."""
    return role_on(actor, repo).reaches(Role.READ) and leaves(actor, Action.LOOK, repo)


def may_see_members(actor: Actor, organization: Membered) -> bool:
    """Whether the caller may know who belongs to an organisation."""
    return not organization.members_hidden or belongs_to(actor, organization.id)


def shows_members(
    actor: Actor, *, hidden: sa.ColumnElement[bool], key: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """The same as a condition for the database, on the columns of an organisation."""
    if actor.system:
        return sa.true()
    inside = [held for held in sorted(actor.roles) if belongs_to(actor, held)]
    return sa.or_(hidden.is_(sa.false()), key.in_(inside))


def belongs_to(actor: Actor, organization_id: int) -> bool:
    """Whether the caller may know what the members of an organisation know of it."""
    if actor.system:
        return True
    known = organization_id in actor.roles and lets(actor, Permission.ORG_READ, organization_id)
    return known and bar_of(actor, organization_id) is None


def shows_membership(actor: Actor, organization_id: int) -> bool:
    """Whether the caller may know that the person is a member: a narrowed token, if it opens some.

    Any grant for the organisation tells as much.
    """
    grants = actor.grants
    return grants is None or bool(grants.namespaces.get(organization_id))


def require_see_members(actor: Actor, organization: Membered) -> None:
    """Insist that the caller may know who belongs to an organisation.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: the members are hidden from the caller.
    """
    if may_see_members(actor, organization):
        return
    require_person(actor, "look into an organization")
    raise Forbidden(NO_MEMBER)
