"""Accept or decline an invitation to an organisation (product §3.18, P53)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from strata.accounts import invitations, people
from strata.accounts.invitations import GONE
from strata.accounts.standing import is_shown
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.facts import Whose, record
from strata.events.letters import Reader, page
from strata.events.outbox import Letter
from strata.organizations import members, queries as organizations
from strata.organizations.inviting import letters, queries
from strata.organizations.inviting.record import Invite


class Fit(StrEnum):
    """What stands between somebody and an invitation."""

    READY = "ready"
    MEMBER = "member"  # they belong to the organisation already
    OTHER = "other"  # it is for another account
    ADDRESS = "address"  # it went to an address that they did not confirm: they must say so
    FACTOR = "factor"  # the organisation wants a second factor
    USED = "used"  # they came in with this link before


def holds(call: Call, found: Invite | None) -> Invite:
    """Insist on an invitation whose sender may still invite.

    Raises:
        NotFound: the same for one that is over, used, taken back, or never was.
    """
    if found is None or not _may_still(call, found):
        raise NotFound(GONE)
    return found


def fit(call: Call, found: Invite, person: people.User) -> Fit:
    """How somebody and an invitation go together."""
    if organizations.role_of(call, found.organization_id, person.id) is not None:
        return Fit.MEMBER
    if found.user_id is not None and found.user_id != person.id:
        return Fit.OTHER
    if queries.has_used(call, found.id, person.id):
        return Fit.USED
    if organizations.wants_factor(call, found.organization_id) and not person.has_factor:
        return Fit.FACTOR
    if found.email_key is not None and not invitations.has_address(call, person, found.email_key):
        return Fit.ADDRESS
    return Fit.READY


def accept(work: Work, found: Invite, person: people.User, *, anyway: bool = False) -> None:
    """Become a member with the role that the invitation gives.

    Args:
        anyway: an invitation by mail is accepted with an account that has another address.

    Raises:
        InvalidFields: `invite`: a `Fit` that is in the way.
        NotFound: somebody else used it up meanwhile, or the organisation is gone.
        OverQuota: the plan of the organisation has no room for another member.
    """
    organizations.locked(work, found.organization_id)  # nobody lets them in meanwhile
    fits = fit(work, found, person)
    if fits is not Fit.READY and not (fits is Fit.ADDRESS and anyway):
        raise InvalidFields({"invite": (f"invite.{fits.value}",)})
    organization = organizations.by_name(work, found.organization)
    if organization is None or not queries.use_up(work, found.id):
        raise NotFound(GONE)
    if not queries.note_use(work, found.id, person.id):  # they did so this very moment
        raise InvalidFields({"invite": (f"invite.{Fit.USED.value}",)})
    record(
        work,
        "org.invite.accept",
        target=organization.name,
        detail={"user": person.name, "role": found.role.value, "inviter": found.inviter_id},
        whose=Whose(organization.id, person.id),
    )
    members.set_role(work, organization, person, found.role)
    _tell_inviter(work, found, letters.accepted, person.name)


def decline(work: Work, found: Invite, person: people.User) -> None:
    """Say no; whoever invited hears of it.

    Raises:
        InvalidFields: `invite`: it is for another account, or a link for whoever has it.
    """
    organizations.locked(work, found.organization_id)
    if found.is_link or fit(work, found, person) is Fit.OTHER:
        raise InvalidFields({"invite": ("invite.other",)})
    organization = organizations.by_name(work, found.organization)
    if organization is None or queries.delete_one(work, found.id) == 0:
        raise NotFound(GONE)
    # Whoever has an address stays unknown to who wrote there, unless they accept.
    owner_id = organization.id if found.email is None else None
    how = {"user": person.name} if owner_id else {"by": "email", "organization": organization.id}
    record(
        work,
        "org.invite.decline",
        target=organization.name,
        detail={**how, "inviter": found.inviter_id},
        whose=Whose(owner_id, person.id),
    )
    _tell_inviter(work, found, letters.declined, found.email or person.name)


def _may_still(call: Call, found: Invite) -> bool:
    if found.inviter_id is None:
        return True
    inviter = people.by_id(call, found.inviter_id)
    held = organizations.role_of(call, found.organization_id, found.inviter_id)
    return held is Role.ADMIN and inviter is not None and is_shown(call, inviter)


def _tell_inviter(
    work: Work, found: Invite, worded: Callable[[Reader, str, str, str], Letter], who: str
) -> None:
    link = page(work, f"/organizations/{found.organization}/settings/members")
    name = found.organization
    invitations.tell_inviter(work, found.inviter_id, lambda reader: worded(reader, name, who, link))
