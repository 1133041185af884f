"""Every confirmed person may create an organisation, a few a day; its admins may change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from strata.access.acting import acting
from strata.access.organizations.managing import managed, overseen
from strata.access.policy.persons import require_writer
from strata.accounts import limits, people
from strata.accounts.legal.agreeing import guidelines_faults, promise
from strata.accounts.profile.details import details_lines
from strata.core.call import Call, Work, working
from strata.core.errors import AlreadyExists, InvalidFields
from strata.credentials.tokens.leaked.showing import require_none
from strata.membership.joining.picture import kept
from strata.organizations import logo as logos
from strata.organizations.change import OrganizationSettings, change
from strata.organizations.create import NewOrganization, create
from strata.organizations.record import Organization
from strata.sessions.signed_in.sudo import require_sudo

A_DAY: Final = 24 * 60  # minutes


def found_organization(work: Work, wanted: NewOrganization) -> Organization:
    """Create an organisation that the caller administers, and promises to keep in order.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        InvalidFields: fields are `guidelines` and those of `organizations.create.create`.
        TooMany: more in a day than `accounts.organizations_per_day`.
    """
    founder = acting(work, "create organizations")
    require_none(work, wanted.full_name, *details_lines(wanted.details))
    if faults := guidelines_faults(work, wanted.guidelines):
        raise InvalidFields({"guidelines": faults})
    most = work.hub.settings.accounts.organizations_per_day
    try:
        made = create(work, wanted, founder)
    except AlreadyExists as taken:
        raise InvalidFields({"name": (taken.message,)}) from taken
    promise(work, founder.id, wanted.guidelines, read_in=wanted.read_in, whose=made.name)
    limits.count(work, limits.Limit(f"organizations:{founder.id}", most, A_DAY))
    return made


def found_with_logo(call: Call, wanted: NewOrganization, logo: bytes) -> Organization:
    """The same with a picture, which is looked at outside the transaction; empty: none.

    Raises:
        InvalidFields, TooMany: also because of `picture`.
    """
    require_writer(call.actor, "create organizations")
    with kept(call, logo, wanted.public_id) as upload, working(call) as work:
        return found_organization(work, replace(wanted, logo=upload))


def change_logo(call: Call, name: str, content: bytes) -> None:
    """Show an organisation with a picture; empty: with the one that is drawn from its id.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `change_organization`.
        InvalidFields: `picture` cannot be used, with the reason.
    """
    organization = overseen(call, name)
    if content:
        logos.change_logo(call, organization, content)
    else:
        logos.remove_logo(call, organization)


def change_organization(work: Work, name: str, wanted: OrganizationSettings) -> None:
    """Change what an organisation says of itself, and its defaults.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
        ProofNeeded: others are asked for a second factor, or no longer, and a session must show who
            sits there.
        InvalidFields: as `accounts.organizations.change.change`.
    """
    organization = managed(work, name)  # as another admin left it
    if wanted.two_factor != (organization.factor_from is not None):
        require_sudo(work)
    if wanted.two_factor and organization.factor_from is None:
        _require_factor(work)
    require_none(work, wanted.full_name, *details_lines(wanted.details))
    change(work, organization, wanted)


def _require_factor(work: Work) -> None:
    """Whoever demands a second factor of others would otherwise be kept out first."""
    person = people.by_id(work, work.actor.user_id or 0)
    if person is not None and not person.has_factor:
        raise InvalidFields({"two_factor": ("org.factor_first",)})
