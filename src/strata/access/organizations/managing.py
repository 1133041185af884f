"""Who manages an organisation, judged when something is changed there."""

from __future__ import annotations

from strata.access.policy.namespaces import NO_ADMIN, require_admin
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound
from strata.organizations import queries
from strata.organizations.record import Organization


def found(call: Call, name: str) -> Organization:
    """An organisation by its name.

    Raises:
        NotFound: there is none.
    """
    organization = queries.by_name(call, name)
    if organization is None:
        raise NotFound(f"There is no organization named {name!r}.")
    return organization


def managed(work: Work, name: str) -> Organization:
    """An organisation that the caller is about to change; others who want to wait until it is done.

    Raises:
        NotFound: there is none, or no longer.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`,
            and Forbidden for whoever was an admin until this very moment.
    """
    place_id = overseen(work, name).id
    queries.locked(work, place_id)
    organization = found(work, name)  # as it is now
    if organization.id != place_id:
        raise NotFound(f"There is no organization named {name!r} any more.")
    if not work.actor.system:
        _require_still(work, organization)
    return organization


def overseen(call: Call, name: str) -> Organization:
    """An organisation of which the caller sees all; raises as `managed`."""
    organization = found(call, name)
    require_admin(call.actor, organization.id)
    return organization


def _require_still(work: Work, organization: Organization) -> None:
    if queries.role_of(work, organization.id, work.actor.user_id or 0) is not Role.ADMIN:
        raise Forbidden(NO_ADMIN)
