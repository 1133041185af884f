"""Who may invite to an organisation, and answer: its admins, and whoever is invited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strata.access.acting import acting
from strata.access.organizations.managing import managed, overseen
from strata.accounts import people
from strata.accounts.invitations import GONE
from strata.accounts.naming import former
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.organizations.inviting import answering, queries, sending
from strata.organizations.inviting.answering import Fit
from strata.organizations.inviting.record import Invite
from strata.sessions.signed_in.sudo import require_sudo

ACT = "join organizations"


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page of an invitation shows."""

    invite: Invite
    fit: Fit | None  # None: nobody is logged in


def invite(work: Work, name: str, who: Sequence[str], role: Role) -> None:
    """Invite people, each an account's name or an address.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `managing.managed`.
        ProofNeeded: they would be admins, and a session must show who sits there.
        Refused, TooMany: as `organizations.inviting.sending.invite`.
    """
    organization = managed(work, name)
    if role is Role.ADMIN:
        require_sudo(work)
    sending.invite(work, organization, who, role)


def make_link(work: Work, name: str, role: Role, *, days: int, uses: int) -> str:
    """Make a link for whoever has it; the path of its page, which is seen here alone.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `invite`.
        InvalidFields, TooMany: as `organizations.inviting.sending.make_link`.
    """
    organization = managed(work, name)
    token = sending.make_link(work, organization, role, days=days, uses=uses)
    return sending.share_path(organization.name, token)


def withdraw(work: Work, name: str, invite_id: int) -> None:
    """Let nobody use an invitation any more.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `invite`.
    """
    sending.withdraw(work, managed(work, name), invite_id)


def pending(call: Call, name: str) -> list[Invite]:
    """The invitations of an organisation that can still be used.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `invite`.
    """
    return queries.of_organization(call, overseen(call, name).id)


def mine(call: Call) -> list[Invite]:
    """The invitations to the caller, by name or by a confirmed address."""
    if call.actor.user_id is None:
        return []
    person = people.by_id(call, call.actor.user_id)
    sent = queries.of_person(call, call.actor.user_id)
    return [one for one in sent if person and _stands(call, one, person)]


def landing(call: Call, name: str, token: str) -> Landing:
    """What the holder of a link may know of it, logged in or not.

    Who came in with it is told so, also when nobody can use it any more.

    Raises:
        NotFound: the same for every other link that does not work, whatever its organisation.
    """
    person = people.by_id(call, call.actor.user_id) if call.actor.user_id else None
    used = queries.used_by(call, sending.digest_of(call, token), person.id) if person else None
    shown = _named(call, name, used) if used else _by_token(call, name, token)
    return Landing(shown, answering.fit(call, shown, person) if person else None)


def accept(work: Work, name: str, token: str, *, anyway: bool) -> None:
    """Join with a link.

    Raises:
        NotFound: as `landing`.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        InvalidFields, OverQuota: as `organizations.inviting.answering.accept`.
    """
    person = acting(work, ACT)
    answering.accept(work, _by_token(work, name, token), person, anyway=anyway)


def decline(work: Work, name: str, token: str) -> None:
    """Say no to a link that was sent to the caller; raises as `accept`."""
    person = acting(work, ACT)
    answering.decline(work, _by_token(work, name, token), person)


def accept_mine(work: Work, invite_id: int) -> None:
    """Join by an invitation that stands among the caller's; raises as `accept`."""
    person = acting(work, ACT)
    answering.accept(work, _of_mine(work, invite_id, person), person)


def decline_mine(work: Work, invite_id: int) -> None:
    """Say no to an invitation that stands among the caller's; raises as `accept`."""
    person = acting(work, ACT)
    answering.decline(work, _of_mine(work, invite_id, person), person)


def _by_token(call: Call, name: str, token: str) -> Invite:
    held = answering.holds(call, queries.by_digest(call, sending.digest_of(call, token)))
    return _named(call, name, held)


def _named(call: Call, name: str, held: Invite) -> Invite:
    """Insist that an invitation is to the organisation that its address names."""
    if held.organization.lower() == name.lower():
        return held
    before = former.holder(call, name)  # links outlive a rename
    if before is None or before.id != held.organization_id:
        raise NotFound(GONE)
    return held


def _of_mine(work: Work, invite_id: int, person: people.User) -> Invite:
    for one in queries.of_person(work, person.id):
        if one.id == invite_id:
            return answering.holds(work, one)
    raise NotFound(GONE)


def _stands(call: Call, one: Invite, person: people.User) -> bool:
    try:
        answering.holds(call, one)
    except NotFound:
        return False
    return answering.fit(call, one, person) is not Fit.MEMBER
