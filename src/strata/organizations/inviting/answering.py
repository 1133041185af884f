"""Accept or decline an invitation to an organisation (product §3.18, P53)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.standing import is_shown
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.facts import Whose, record
from strata.events.letters import page
from strata.events.outbox import post
from strata.organizations import members, queries as organizations
from strata.organizations.inviting import letters, queries
from strata.organizations.inviting.record import Invite
from strata.organizations.tables import organizations as table

GONE: Final = "This invitation does not work: it is over, was used or taken back, or never was."


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
    if _wants_factor(call, found.organization_id) and not person.has_factor:
        return Fit.FACTOR
    if found.email_key is not None and not _has_address(call, person, found.email_key):
        return Fit.ADDRESS
    return Fit.READY


def accept(work: Work, found: Invite, person: people.User, *, anyway: bool = False) -> None:
    """Become a member with the role that the invitation gives.

    Args:
        anyway: an invitation by mail is accepted with an account that has another address.

    Raises:
        InvalidFields: `invite`: a `Fit` that is in the way.
        NotFound: somebody else used it up meanwhile.
        OverQuota: the plan of the organisation has no room for another member.
    """
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
    _tell_inviter(work, found, person, accepted=True)


def decline(work: Work, found: Invite, person: people.User) -> None:
    """Say no; whoever invited hears of it.

    Raises:
        InvalidFields: `invite`: it is for another account, or a link for whoever has it.
    """
    if found.is_link or fit(work, found, person) is Fit.OTHER:
        raise InvalidFields({"invite": ("invite.other",)})
    organization = organizations.by_name(work, found.organization)
    if organization is None or queries.delete_one(work, found.id) == 0:
        raise NotFound(GONE)
    record(
        work,
        "org.invite.decline",
        target=organization.name,
        detail={"user": person.name, "inviter": found.inviter_id},
        whose=Whose(organization.id, person.id),
    )
    _tell_inviter(work, found, person, accepted=False)


def _may_still(call: Call, found: Invite) -> bool:
    if found.inviter_id is None:
        return True
    inviter = people.by_id(call, found.inviter_id)
    held = organizations.role_of(call, found.organization_id, found.inviter_id)
    return held is Role.ADMIN and inviter is not None and is_shown(call, inviter)


def _has_address(call: Call, person: people.User, key: str) -> bool:
    return confirmed.owner_id(call, key) == person.id


def _wants_factor(call: Call, organization_id: int) -> bool:
    wanted = sa.select(table.c.factor_from).where(table.c.id == organization_id)
    return call.db.scalar(wanted) is not None


def _tell_inviter(work: Work, found: Invite, person: people.User, *, accepted: bool) -> None:
    inviter = people.by_id(work, found.inviter_id) if found.inviter_id else None
    if inviter is None:
        return
    link = page(work, f"/organizations/{found.organization}/settings/members")
    write = letters.accepted if accepted else letters.declined
    post(work, write(people.reader(inviter), found.organization, person.name, link))
