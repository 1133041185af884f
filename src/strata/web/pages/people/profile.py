"""A person and what they publish (product §2.6 P50)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from strata.access.policy.seeing import may_see_members
from strata.accounts.profile.details import Details, details_of, public_email_of
from strata.accounts.profiles import PublicProfile
from strata.core.call import Call
from strata.core.names import RepoType
from strata.lib.markdown.render import render
from strata.organizations import queries
from strata.organizations.record import Organization
from strata.search.listing import Listed, count, listing
from strata.search.query import Query
from strata.web.pages.collections.show import CollectionShelf, shelf_of
from strata.web.pages.frame.addresses.places import list_address
from strata.web.pages.frame.render import at
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
    email: str = ""  # that the person shows to everybody
    readme: Markup | None = None


def profile_of(call: Call, person: PublicProfile) -> Profile:
    """Gather what a person publishes, as far as the viewer may see it."""
    details = details_of(call, person.id)
    return Profile(
        person,
        details,
        _organizations(call, person),
        shelves_of(call, person.name),
        shelf_of(call, person.name),
        following_of(call, person.id),
        own=person.id == call.actor.user_id,
        email=public_email_of(call, person.id),
        readme=_readme(details.readme, call.hub.settings.prefix),
    )


def shelves_of(call: Call, name: str) -> tuple[Shelf, ...]:
    """What a person or an organisation publishes, as far as the viewer may see it."""
    shelves = (_shelf(call, name, kind) for kind in RepoType)
    return tuple(shelf for shelf in shelves if shelf.rows)


def _readme(text: str, prefix: str) -> Markup | None:
    """The page of their own, safe to show; links lead where they say, or to pages of ours."""
    if not text.strip():
        return None
    html = render(text, resolve_link=lambda address, _kind: at(address, prefix), id_prefix="about-")
    return Markup(html.html)  # noqa: S704 - sanitised by lib.markdown


def _organizations(call: Call, person: PublicProfile) -> tuple[Organization, ...]:
    held = (one.organization for one in queries.memberships_of(call, person.id))
    return tuple(one for one in held if may_see_members(call.actor, one))


def _shelf(call: Call, name: str, kind: RepoType) -> Shelf:
    query = Query(type=kind, author=name, sort="lastModified", limit=SHOWN)
    page = listing(call, query)
    total = count(call, query) if page.cursor else len(page.rows)
    address = list_address(kind, author=name, sort="modified")
    return Shelf(kind, tuple(page.rows), total, address)
