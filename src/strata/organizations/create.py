"""A new organisation: its name, its defaults, its first admin."""

from __future__ import annotations

from dataclasses import dataclass, field

from strata.accounts import people
from strata.accounts.naming import names
from strata.accounts.naming.full_names import full_name_faults
from strata.accounts.plans.quotas import quotas_of, require_count
from strata.accounts.profile.details import Details, detail_faults, write_details
from strata.accounts.profile.picture import point
from strata.accounts.profile.preferences import preferences_of
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.core.names import fresh_key
from strata.events.facts import Whose, record
from strata.organizations import members, queries
from strata.organizations.admitting import asking
from strata.organizations.change import kind_faults
from strata.organizations.record import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganization:
    """What an organisation starts with."""

    name: str
    full_name: str = ""  # default: the name
    private_by_default: bool = False
    members_hidden: bool = False
    similar: bool = False  # an operator says that the name may look like another one
    guidelines: str = ""  # version of the content guidelines that the founder promised to follow
    read_in: str = "en"  # language in which they were shown
    kind: str = ""  # an `OrganizationKind`; empty: it does not say
    details: Details = field(default_factory=Details)
    domain: str = ""  # of its e-mail addresses; counts once an admin has a confirmed one there
    public_id: str = field(default_factory=fresh_key)
    logo: str | None = None  # what `accounts.profile.picture.kept` put away


def create(work: Work, wanted: NewOrganization, first_admin: people.User) -> Organization:
    """Create an organisation with one admin; operators may also use legacy names.

    Raises:
        InvalidFields: fields are `name`, `full_name`, `kind`, `domain`, and those of `Details`.
        AlreadyExists: a user or an organisation has the name (`name.taken`), or one
            that looks the same (`name.similar`).
        Conflict: the admin's account is not confirmed.
        OverQuota: the admin's plan has no room for another organisation.
    """
    _require_fields(work, wanted)
    if not work.actor.system:
        _require_room(work, first_admin)
    organization = Organization(
        id=names.claim(
            work, wanted.name, names.Kind.ORGANIZATION, similar=_may_be_similar(work, wanted)
        ),
        public_id=wanted.public_id,
        name=wanted.name,
        full_name=wanted.full_name.strip() or wanted.name,
        private_by_default=wanted.private_by_default,
        members_hidden=wanted.members_hidden,
        created_at=work.now,
        kind=wanted.kind,
    )
    queries.insert(work, organization)
    write_details(work, organization.id, wanted.details)
    if wanted.logo:
        point(work, organization.id, wanted.logo)
    if wanted.domain:
        asking.claim(work, organization, wanted.domain, first_admin)
    visibility = "private" if organization.private_by_default else "public"
    record(
        work,
        "org.create",
        target=organization.name,
        detail={"visibility": visibility},
        whose=Whose(organization.id),
    )
    members.set_role(work, organization, first_admin, Role.ADMIN)
    return organization


def _require_room(work: Work, first_admin: people.User) -> None:
    people.locked(work, first_admin.id)  # several at once are counted one after the other
    mine = queries.memberships_of(work, first_admin.id)
    administered = sum(membership.role is Role.ADMIN for membership in mine)
    require_count(quotas_of(work, first_admin.id).organizations, administered, "organizations")


def starts_private(call: Call, place: names.Namespace) -> bool:
    """Whether what is created in a namespace is private when its creator does not say."""
    if place.kind is not names.Kind.ORGANIZATION:
        return preferences_of(call, place.id).private_repos
    return queries.private_by_default(call, place.id)


def _require_fields(work: Work, wanted: NewOrganization) -> None:
    faults = {
        "name": names.faults(
            wanted.name,
            work.hub.settings,
            operator=work.actor.system,
            similar=_may_be_similar(work, wanted),
        ),
        "full_name": full_name_faults(wanted.full_name),
        **detail_faults(wanted.details),
        "kind": kind_faults(wanted.kind),
        "domain": asking.domain_faults(wanted.domain),
    }
    broken = {name: keys for name, keys in faults.items() if keys}
    if broken:
        raise InvalidFields(broken)


def _may_be_similar(work: Work, wanted: NewOrganization) -> bool:
    return wanted.similar and work.actor.system
