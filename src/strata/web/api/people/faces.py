"""People and organisations: those that a path names, and how every list shows them (02 §P)."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request

from strata.access.organizations.managing import found
from strata.accounts.people import Face
from strata.accounts.profiles import PublicProfile, avatar_path, public_profile
from strata.community.follows import queries as follows
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.organizations import queries as organizations
from strata.organizations.record import Organization
from strata.web.work import field

Json = dict[str, object]


def named_person(call: Call, request: Request) -> PublicProfile:
    """The person whose name is in the path.

    Raises:
        NotFound: there is none, or the account is not confirmed yet.
    """
    name = field(request, "name")
    person = public_profile(call, name)
    if person is None:
        raise NotFound(f"There is no user named {name!r}.")
    return person


def named_organization(call: Call, request: Request) -> Organization:
    """The organisation whose name is in the path.

    Raises:
        NotFound: there is none.
    """
    return found(call, field(request, "name"))


def named_anybody(call: Call, request: Request) -> PublicProfile | Organization:
    """The person or the organisation whose name is in the path.

    Raises:
        NotFound: there is neither.
    """
    organization = organizations.by_name(call, field(request, "name"))
    return organization or named_person(call, request)


def face_of(person: PublicProfile) -> Face:
    return Face(person.id, person.public_id, person.name, person.full_name)


def avatar_url(call: Call, public_id: str) -> str:
    return f"{call.origin.base_url}{avatar_path(public_id)}"


def people_json(call: Call, people: Iterable[Face]) -> list[Json]:
    """The items of a list of people, each with whether the caller follows them."""
    listed = list(people)
    followed = follows.followed_among(call, (one.id for one in listed))
    return [_person(call, one, followed=one.id in followed) for one in listed]


def organizations_json(call: Call, organizations: Iterable[Organization]) -> list[Json]:
    """The items of a list of organisations, each with whether the caller follows it."""
    listed = list(organizations)
    followed = follows.followed_among(call, (one.id for one in listed))
    return [_organization(call, one, followed=one.id in followed) for one in listed]


def _person(call: Call, one: Face, *, followed: bool) -> Json:
    return {
        "_id": one.public_id,
        "user": one.name,
        "fullname": one.full_name,
        "avatarUrl": avatar_url(call, one.public_id),
        "isPro": False,
        "isFollowing": followed,
        "type": "user",
    }


def _organization(call: Call, one: Organization, *, followed: bool) -> Json:
    return {
        "_id": one.public_id,
        "name": one.name,
        "fullname": one.full_name,
        "avatarUrl": avatar_url(call, one.public_id),
        "isVerified": False,
        "isFollowing": followed,
        "type": "org",
    }
