"""An organisation, its members and what it publishes (product §2.6 P51)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.access.organizations import admitting
from strata.access.policy.roles import may_create, may_manage
from strata.access.policy.seeing import may_see_members
from strata.accounts.people import Face
from strata.accounts.profile.details import Details, details_of
from strata.core.call import Call
from strata.lib.db.seek import Window
from strata.organizations import queries
from strata.organizations.admitting.asking import Way
from strata.organizations.record import Organization
from strata.web.pages.collections.show import CollectionShelf, shelf_of
from strata.web.pages.people.follow import Following, following_of
from strata.web.pages.people.profile import Shelf, shelves_of

MEMBERS_SHOWN: Final = 24


@dataclass(frozen=True, slots=True)
class OrganizationPage:
    """What the page shows."""

    organization: Organization
    details: Details
    shelves: tuple[Shelf, ...]  # those that hold something
    collections: CollectionShelf
    members: tuple[Face, ...]  # some of them
    member_count: int | None  # None: the viewer may not know
    following: Following
    creates: bool  # the viewer may create repos here
    manages: bool  # the viewer may change the members
    joins: bool  # the viewer may ask to join


def organization_page(call: Call, organization: Organization) -> OrganizationPage:
    """Gather what an organisation shows, as far as the viewer may see it."""
    open_to_viewer = may_see_members(call.actor, organization)
    return OrganizationPage(
        organization=organization,
        details=details_of(call, organization.id),
        shelves=shelves_of(call, organization.name),
        collections=shelf_of(call, organization.name),
        members=_members(call, organization) if open_to_viewer else (),
        member_count=queries.count_shown_members(call, organization.id) if open_to_viewer else None,
        following=following_of(call, organization.id),
        creates=may_create(call.actor, organization.id),
        manages=may_manage(call.actor, organization.id),
        joins=admitting.offered(call, organization) in (Way.ASK, Way.JOIN),
    )


def _members(call: Call, organization: Organization) -> tuple[Face, ...]:
    page = queries.shown_members_of(call, organization.id, Window(MEMBERS_SHOWN))
    return tuple(member.face for member in page.rows)
