"""What an organisation says of itself, and its defaults."""

from __future__ import annotations

from dataclasses import dataclass

from strata.accounts.organizations import queries
from strata.accounts.organizations.record import Organization
from strata.accounts.profile.details import Details, require_sound, write_details
from strata.core.call import Work
from strata.events.facts import Whose, record


@dataclass(frozen=True, slots=True)
class OrganizationSettings:
    """All that its admins may set."""

    full_name: str
    private_by_default: bool
    members_hidden: bool
    details: Details


def change(work: Work, organization: Organization, settings: OrganizationSettings) -> None:
    """Write down new settings; repos that exist stay as they are.

    Raises:
        InvalidFields: with what is wrong with each field; nothing is changed.
    """
    require_sound(settings.full_name, settings.details)
    queries.update(
        work,
        organization.id,
        full_name=settings.full_name,
        private_by_default=settings.private_by_default,
        members_hidden=settings.members_hidden,
    )
    write_details(work, organization.id, settings.details)
    visibility = "private" if settings.private_by_default else "public"
    record(
        work,
        "org.settings.update",
        target=organization.name,
        detail={"visibility": visibility, "members_hidden": settings.members_hidden},
        whose=Whose(organization.id),
    )
