"""Who may change who belongs to an organisation: its admins, and the operator."""

from __future__ import annotations

from strata.access.policy import require_admin, require_writer
from strata.accounts import people
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.organizations import members, queries
from strata.organizations.record import Organization
from strata.sessions.entering.sudo import require_sudo


def add(work: Work, organization_name: str, user_name: str, role: Role) -> None:
    """Make a person a member, or give a member another role.

    Raises:
        NotFound: no such organisation or person.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_admin`.
        ProofNeeded: it is about an admin, and a session must show who sits there.
        Conflict: as `accounts.organizations.members.set_role`.
    """
    organization = _managed(work, organization_name)
    person = named(work, user_name)
    _require_sure(work, organization, person, role)
    members.set_role(work, organization, person, role)


def change_role(work: Work, organization_name: str, user_name: str, role: Role) -> None:
    """Give a member another role.

    Raises:
        NotFound: no such organisation, or nobody of this name belongs to it.
        Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `add`.
    """
    organization = _managed(work, organization_name)
    person = people.by_name(work, user_name)
    if person is None or queries.role_of(work, organization.id, person.id) is None:
        raise NotFound(f"{user_name} is not a member of {organization.name}.")
    _require_sure(work, organization, person, role)
    members.set_role(work, organization, person, role)


def remove(work: Work, organization_name: str, user_name: str) -> None:
    """Take a member out.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `change_role`.
    """
    organization = _managed(work, organization_name)
    person = named(work, user_name)
    _require_sure(work, organization, person)
    members.remove(work, organization, person)


def leave(work: Work, organization_name: str) -> None:
    """Take the caller out of an organisation.

    Raises:
        NotFound: no such organisation, or the caller does not belong to it.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_writer`.
        ProofNeeded: the caller is an admin, and a session must show who sits there.
        Conflict: the caller is the last admin.
    """
    person = people.by_id(work, require_writer(work.actor, "leave organizations"))
    if person is None:
        raise NotFound("There is no such account.")
    organization = found(work, organization_name)
    _require_sure(work, organization, person)
    members.remove(work, organization, person)


def _managed(work: Work, name: str) -> Organization:
    organization = found(work, name)
    require_admin(work.actor, organization.id)
    return organization


def found(call: Call, name: str) -> Organization:
    """An organisation by its name.

    Raises:
        NotFound: there is none.
    """
    organization = queries.by_name(call, name)
    if organization is None:
        raise NotFound(f"There is no organization named {name!r}.")
    return organization


def named(call: Call, name: str) -> people.User:
    """An account by its name.

    Raises:
        NotFound: there is none.
    """
    person = people.by_name(call, name)
    if person is None:
        raise NotFound(f"There is no account named {name!r}.")
    return person


def _require_sure(
    work: Work, organization: Organization, person: people.User, role: Role | None = None
) -> None:
    """Who becomes admin, or is no longer, decides over everything there: ask who sits there."""
    if Role.ADMIN in (role, queries.role_of(work, organization.id, person.id)):
        require_sudo(work)
