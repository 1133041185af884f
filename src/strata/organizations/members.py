"""Who belongs to an organisation, and as what; `access.organizations` decides who may change it."""

from __future__ import annotations

from collections.abc import Mapping

from strata.accounts import people
from strata.accounts.plans.quotas import quotas_of, require_count
from strata.core.actor import Role
from strata.core.call import Work
from strata.core.errors import Conflict, NotFound
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.events.outbox import post
from strata.organizations import letters, queries
from strata.organizations.record import Organization


def set_role(work: Work, organization: Organization, person: people.User, role: Role) -> None:
    """Make somebody a member, or give a member another role.

    Raises:
        Conflict: the account is not confirmed yet, or this is the last admin.
        OverQuota: the plan of the organisation has no room for another member.
    """
    if person.verified_at is None:
        raise Conflict(f"{person.name} has not confirmed the account yet.")
    queries.locked(work, organization.id)
    held = queries.role_of(work, organization.id, person.id)
    if held is role:
        return
    if held is None and not work.actor.system:
        allowed = quotas_of(work, organization.id).members
        require_count(allowed, queries.count_members(work, organization.id), "members")
    if held is Role.ADMIN:
        _require_another_admin(work, organization, person)
    queries.set_role(work, organization.id, person.id, role)
    detail: dict[str, object] = {"user": person.name, "role": role.value}
    if held is not None:
        detail |= changes({"role": held.value}, {"role": role.value})
    _tell(work, "org.add_user" if held is None else "org.change_role", organization, person, detail)
    if work.actor.user_id != person.id:
        write = letters.joined if held is None else letters.role_changed
        post(work, write(work, people.reader(person), organization.name, role.value))


def remove(work: Work, organization: Organization, person: people.User) -> None:
    """Take somebody out; the repos stay with the organisation.

    Raises:
        NotFound: not a member.
        Conflict: this is the last admin.
    """
    queries.locked(work, organization.id)
    held = queries.role_of(work, organization.id, person.id)
    if held is None:
        raise NotFound(f"{person.name} is not a member of {organization.name}.")
    if held is Role.ADMIN:
        _require_another_admin(work, organization, person)
    queries.remove(work, organization.id, person.id)
    left = work.actor.user_id == person.id
    detail = {"user": person.name}
    _tell(work, "org.leave" if left else "org.remove_user", organization, person, detail)
    if not left:
        post(work, letters.removed(work, people.reader(person), organization.name))


def _tell(
    work: Work,
    name: str,
    organization: Organization,
    person: people.User,
    detail: Mapping[str, object],
) -> None:
    whose = Whose(organization.id, person.id)
    record(work, name, target=organization.name, detail=detail, whose=whose)


def _require_another_admin(work: Work, organization: Organization, person: people.User) -> None:
    if not queries.has_other_admin(work, organization.id, person.id):
        raise Conflict(
            f"This is the last admin of {organization.name}. Make another member admin first."
        )
