"""Who may change who belongs to an organisation: its admins, and the operator."""

from __future__ import annotations

from strata.access.policy import require_admin, require_writer
from strata.accounts import people
from strata.accounts.organizations import members, queries
from strata.accounts.organizations.record import Organization
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotFound


def add(work: Work, organization_name: str, user_name: str, role: Role) -> None:
    """Make a person a member, or give a member another role.

    Raises:
        NotFound: no such organisation or person.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_admin`.
        Conflict: as `accounts.organizations.members.set_role`.
    """
    organization = _managed(work, organization_name)
    members.set_role(work, organization, named(work, user_name), role)


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
    members.set_role(work, organization, person, role)


def remove(work: Work, organization_name: str, user_name: str) -> None:
    """Take a member out.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `change_role`.
    """
    organization = _managed(work, organization_name)
    members.remove(work, organization, named(work, user_name))


def leave(work: Work, organization_name: str) -> None:
    """Take the caller out of an organisation.

    Raises:
        NotFound: no such organisation, or the caller does not belong to it.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_writer`.
        Conflict: the caller is the last admin.
    """
    person = people.by_id(work, require_writer(work.actor, "leave organizations"))
    if person is None:
        raise NotFound("There is no such account.")
    members.remove(work, found(work, organization_name), person)


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
