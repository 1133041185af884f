"""Who may change who belongs to an organisation: its admins, and the operator."""

from __future__ import annotations

from collections.abc import Sequence

from strata.access.acting import acting
from strata.access.organizations.managing import found, managed
from strata.accounts import people
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.organizations import members, queries
from strata.organizations.record import Organization
from strata.sessions.signed_in.sudo import require_sudo


def add(work: Work, organization_name: str, user_name: str, role: Role) -> None:
    """Make a person a member, or give a member another role.

    Raises:
        NotFound: no such organisation or person.
        Unauthenticated, EmailNotVerified, Forbidden: as `managing.managed`.
        ProofNeeded: it is about an admin, and a session must show who sits there.
        Conflict: as `organizations.members.set_role`.
    """
    organization = managed(work, organization_name)
    person = named(work, user_name)
    _require_sure(work, organization, person, role)
    members.set_role(work, organization, person, role)


def change_role(
    work: Work, organization_name: str, user_name: str, role: Role, *, sure: bool = True
) -> None:
    """Give a member another role.

    Args:
        sure: whether the caller said so; it is asked when they give up their own admin role.

    Raises:
        NotFound: no such organisation, or nobody of this name belongs to it.
        Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `add`.
        InvalidFields: `sure`.
    """
    change_roles(work, organization_name, [user_name], role, sure=sure)


def change_roles(
    work: Work, organization_name: str, user_names: Sequence[str], role: Role, *, sure: bool = True
) -> None:
    """Give several members another role, all of them or none; as `change_role`."""
    organization = managed(work, organization_name)
    people_there = [_member(work, organization, name) for name in user_names]
    if not sure and role is not Role.ADMIN and _gives_up(work, organization, people_there):
        raise InvalidFields({"sure": ("member.sure",)})
    for person in people_there:
        _require_sure(work, organization, person, role)
        members.set_role(work, organization, person, role)


def _gives_up(work: Work, organization: Organization, persons: Sequence[people.User]) -> bool:
    """Whether the caller is among them and may stop being an admin."""
    own = work.actor.user_id or 0
    mine = any(person.id == own for person in persons)
    return mine and queries.has_other_admin(work, organization.id, own)


def _member(work: Work, organization: Organization, name: str) -> people.User:
    person = people.by_name(work, name)
    if person is None or queries.role_of(work, organization.id, person.id) is None:
        raise NotFound(f"{name} is not a member of {organization.name}.")
    return person


def remove(work: Work, organization_name: str, user_name: str) -> None:
    """Take a member out.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `change_role`.
    """
    organization = managed(work, organization_name)
    person = named(work, user_name)
    _require_sure(work, organization, person)
    members.remove(work, organization, person)


def leave(work: Work, organization_name: str) -> None:
    """Take the caller out of an organisation.

    Raises:
        NotFound: no such organisation, or the caller does not belong to it.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        ProofNeeded: the caller is an admin, and a session must show who sits there.
        Conflict: the caller is the last admin.
    """
    person = acting(work, "leave organizations")
    organization = found(work, organization_name)
    queries.locked(work, organization.id)
    _require_sure(work, organization, person)
    members.remove(work, organization, person)


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
    """Who becomes admin, or is no longer, decides over everything there: ask who sits there.

    The organisation is locked: the role is the one that is changed.
    """
    if Role.ADMIN in (role, queries.role_of(work, organization.id, person.id)):
        require_sudo(work)
