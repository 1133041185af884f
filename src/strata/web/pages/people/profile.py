"""A person and what they publish (product §2.6 P50)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.access.policy import may_see_members
from strata.accounts.profile.details import Details, details_of
from strata.accounts.profiles import PublicProfile
from strata.core.call import Call
from strata.core.names import RepoType
from strata.organizations import queries
from strata.organizations.record import Organization
from strata.search.listing import Listed, count, listing
from strata.search.query import Query
from strata.web.pages.collections.show import CollectionShelf, shelf_of
from strata.web.pages.frame.places import list_address
from strata.web.pages.people.follow import Following, following_of

SHOWN: Final = 12  # repos of each type


@dataclass(frozen=True, slots=True)
class Shelf:
    """Somebody's repos of one type, the latest first."""

    kind: RepoType
    rows: tuple[Listed, ...]
    total: int  # that the viewer may see
    address: str  # of the whole list


@dataclass(frozen=True, slots=True)
class Profile:
    """What the page shows."""

    person: PublicProfile
    details: Details
    organizations: tuple[Organization, ...]  # those that the viewer may know of
    shelves: tuple[Shelf, ...]  # those that hold something
    collections: CollectionShelf
    following: Following
    own: bool  # the viewer's own page


def profile_of(call: Call, person: PublicProfile) -> Profile:
    """Gather what a person publishes, as far as the viewer may see it."""
    return Profile(
        person,
        details_of(call, person.id),
        _organizations(call, person),
        shelves_of(call, person.name),
        shelf_of(call, person.name),
        following_of(call, person.id),
        own=person.id == call.actor.user_id,
    )


def shelves_of(call: Call, name: str) -> tuple[Shelf, ...]:
    """What a person or an organisation publishes, as far as the viewer may see it."""
    shelves = (_shelf(call, name, kind) for kind in RepoType)
    return tuple(shelf for shelf in shelves if shelf.rows)


def _organizations(call: Call, person: PublicProfile) -> tuple[Organization, ...]:
    held = (one.organization for one in queries.memberships_of(call, person.id))
    return tuple(one for one in held if may_see_members(call.actor, one))


def _shelf(call: Call, name: str, kind: RepoType) -> Shelf:
    query = Query(type=kind, author=name, sort="lastModified", limit=SHOWN)
    page = listing(call, query)
    total = count(call, query) if page.cursor else len(page.rows)
    address = list_address(kind, author=name, sort="modified")
    return Shelf(kind, tuple(page.rows), total, address)
