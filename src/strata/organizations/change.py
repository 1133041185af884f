"""What an organisation says of itself, and its defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from strata.accounts.profile.details import Details, details_of, require_sound, write_details
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.events.jobs import enqueue
from strata.organizations import queries
from strata.organizations.demanding import TellOfDemand
from strata.organizations.record import Organization, OrganizationKind

LONGEST_GRACE: Final = 90  # days


@dataclass(frozen=True, slots=True)
class OrganizationSettings:
    """All that its admins may set."""

    full_name: str
    private_by_default: bool
    members_hidden: bool
    details: Details
    two_factor: bool = False  # members without a second factor are kept out
    two_factor_days: int = 0  # how long they have, once that is turned on
    kind: str = ""  # an `OrganizationKind`; empty: it does not say


def change(work: Work, organization: Organization, settings: OrganizationSettings) -> None:
    """Write down new settings; repos that exist stay as they are.

    Raises:
        InvalidFields: with what is wrong with each field; nothing is changed.
    """
    require_sound(settings.full_name, settings.details)
    if faults := kind_faults(settings.kind):
        raise InvalidFields({"kind": faults})
    factor_from = _factor_from(work, organization, settings)
    before = _told(work, organization)
    queries.update(
        work,
        organization.id,
        full_name=settings.full_name,
        private_by_default=settings.private_by_default,
        members_hidden=settings.members_hidden,
        factor_from=factor_from,
        kind=settings.kind,
    )
    if factor_from is not None and organization.factor_from is None:
        enqueue(work, TellOfDemand(organization.id, work.origin.base_url))
    write_details(work, organization.id, settings.details)
    changed = queries.by_id(work, organization.id) or organization
    record(
        work,
        "org.settings.update",
        target=organization.name,
        detail=changes(before, _told(work, changed)),
        whose=Whose(organization.id),
    )


def kind_faults(kind: str) -> tuple[str, ...]:
    """The message key of what is no kind of organisation."""
    return () if not kind or kind in [one.value for one in OrganizationKind] else ("org.kind_bad",)


def _told(call: Call, organization: Organization) -> dict[str, object]:
    """The settings as the audit log has them."""
    factor_from = organization.factor_from
    return {
        "full_name": organization.full_name,
        "visibility": "private" if organization.private_by_default else "public",
        "members_hidden": organization.members_hidden,
        "kind": organization.kind,
        "two_factor": None if factor_from is None else factor_from.isoformat(),
        **asdict(details_of(call, organization.id)),
    }


def _factor_from(
    work: Work, organization: Organization, settings: OrganizationSettings
) -> datetime | None:
    """From when members need a second factor; a demand that was made keeps its day."""
    if not settings.two_factor:
        return None
    if not 0 <= settings.two_factor_days <= LONGEST_GRACE:
        raise InvalidFields({"two_factor_days": ("org.grace_bad",)})
    return organization.factor_from or work.now + timedelta(days=settings.two_factor_days)
