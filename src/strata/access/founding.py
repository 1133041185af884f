"""Who may create an organisation: every confirmed person, a few a day."""

from __future__ import annotations

from typing import Final

from strata.access.policy import require_writer
from strata.accounts import limits, people
from strata.accounts.organizations.create import NewOrganization, create
from strata.accounts.organizations.record import Organization
from strata.core.call import Work
from strata.core.errors import AlreadyExists, InvalidFields, Unauthenticated

A_DAY: Final = 24 * 60  # minutes


def found_organization(work: Work, wanted: NewOrganization) -> Organization:
    """Create an organisation that the caller administers.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_writer`.
        InvalidFields: fields are `name`, `full_name`.
        TooMany: more in a day than `accounts.organizations_per_day`.
    """
    founder = people.by_id(work, require_writer(work.actor, "create organizations"))
    if founder is None:
        raise Unauthenticated("Invalid username or password.")
    most = work.hub.settings.accounts.organizations_per_day
    try:
        made = create(work, wanted, founder)
    except AlreadyExists as taken:
        raise InvalidFields({"name": (taken.message,)}) from taken
    limits.count(work, limits.Limit(f"organizations:{founder.id}", most, A_DAY))
    return made
