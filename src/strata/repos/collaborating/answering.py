"""Accept or decline an invitation to work on a repo (product §2.5 P37)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from strata.access.acting import acting
from strata.access.policy.persons import require_reader
from strata.access.policy.require import permits
from strata.access.policy.roles import may_appoint
from strata.access.policy.verbs import Action
from strata.accounts import invitations, people
from strata.accounts.invitations import GONE
from strata.accounts.standing import is_shown
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.core.permissions import Permission
from strata.events.facts import Whose, record, record_of
from strata.events.letters import Reader, page
from strata.events.outbox import Letter
from strata.organizations.collaborators.shares import stand_in
from strata.organizations.queries import wants_factor
from strata.repos.collaborating import letters, queries
from strata.repos.collaborating.inviting import digest_of
from strata.repos.collaborating.record import Collaboration, Fit, Invite
from strata.repos.record import Repo

MOST: Final = 1000  # repos on which one person works: each of their requests reads them all
ACT: Final = "work on repositories of others"


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page of an invitation shows."""

    invite: Invite
    fit: Fit | None  # None: nobody is logged in


def landing(call: Call, token: str) -> Landing:
    """What the holder of a link may know of it, logged in or not.

    Raises:
        NotFound: the same for every link that does not work.
    """
    shown = _holds(call, queries.invite_by_digest(call, digest_of(call, token)))
    person = people.by_id(call, call.actor.user_id) if call.actor.user_id else None
    return Landing(shown, _fit(call, shown, person) if person else None)


def held(call: Call) -> list[Collaboration]:
    """The repos on which the caller works, as far as the credentials show them.

    Raises:
        Unauthenticated: nobody is signed in.
        TokenTooNarrow: the token reads no private repos of its person.
    """
    require_reader(call.actor, Permission.CONTENT_READ)
    return queries.of_person(call, call.actor.user_id or 0)


def mine(call: Call) -> list[Invite]:
    """The invitations to the caller, by name or by a confirmed address; none to narrowed tokens."""
    if call.actor.user_id is None or call.actor.grants is not None:
        return []
    sent = queries.invites_of_person(call, call.actor.user_id)
    return [one for one in sent if may_still(call, one)]


def accept(work: Work, token: str) -> Invite:
    """Become a collaborator with the role that the invitation gives.

    Raises:
        NotFound: as `landing`; also when somebody else used it up meanwhile.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        InvalidFields: `invite`: a `Fit` that is in the way, or the caller works on too many.
    """
    person = acting(work, ACT)
    found = _holds(work, queries.invite_by_digest(work, digest_of(work, token)))
    return _accept(work, found, person)


def decline(work: Work, token: str) -> None:
    """Say no; whoever invited hears of it. Raises as `accept`."""
    person = acting(work, ACT)
    found = _holds(work, queries.invite_by_digest(work, digest_of(work, token)))
    _decline(work, found, person)


def accept_mine(work: Work, key: str) -> Invite:
    """Accept an invitation that stands among the caller's; raises as `accept`."""
    person = acting(work, ACT)
    return _accept(work, _of_mine(work, key, person), person)


def decline_mine(work: Work, key: str) -> None:
    """Say no to an invitation that stands among the caller's; raises as `accept`."""
    person = acting(work, ACT)
    _decline(work, _of_mine(work, key, person), person)


def may_still(call: Call, found: Invite) -> bool:
    """Whether who invited may still do so, as they are now."""
    inviter = people.by_id(call, found.inviter_id)
    if inviter is None or not is_shown(call, inviter):
        return False
    actor = stand_in(call, inviter.id)
    appoints = found.role is not Role.ADMIN or may_appoint(actor, found.repo)
    return appoints and permits(actor, Action.SHARE, found.repo)


def _accept(work: Work, found: Invite, person: people.User) -> Invite:
    people.locked(work, person.id)  # of two invitations at once the second one finds a member
    fits = _fit(work, found, person)
    if fits is not Fit.READY:
        raise InvalidFields({"invite": (f"collaborator.{fits.value}",)})
    if queries.count_of_person(work, person.id) >= MOST:
        raise InvalidFields({"invite": ("collaborator.most",)})
    if not queries.delete_invite(work, found.key):
        raise NotFound(GONE)
    queries.put(work, found.repo.id, person.id, found.role, found.inviter_id)
    record_of(
        work,
        "repo.collaborator_accept",
        found.repo,
        {"user": person.name, "role": found.role.value, **_answered(found)},
        subject_id=person.id,
    )
    _tell_inviter(work, found, letters.accepted, person.name)
    return found


def _decline(work: Work, found: Invite, person: people.User) -> None:
    if _fit(work, found, person) is Fit.OTHER:
        raise InvalidFields({"invite": ("collaborator.other",)})
    if not queries.delete_invite(work, found.key):
        raise NotFound(GONE)
    # Whoever has an address stays unknown to who wrote there, unless they accept.
    owner_id = found.repo.owner_id if found.email is None else None
    record(
        work,
        "repo.collaborator_decline",
        target=found.repo.full_name,
        repo_id=found.repo.id,
        detail={"by": "account" if found.email is None else "email", **_answered(found)},
        whose=Whose(owner_id, person.id),
    )
    _tell_inviter(work, found, letters.declined, found.email or person.name)


def _answered(found: Invite) -> dict[str, object]:
    return {"invite": found.key, "inviter": found.inviter_id}


def _fit(call: Call, found: Invite, person: people.User) -> Fit:
    """How somebody and an invitation go together; an address must be theirs by proof."""
    if found.user_id is not None and found.user_id != person.id:
        return Fit.OTHER
    if found.email_key is not None and not invitations.has_address(call, person, found.email_key):
        return Fit.OTHER
    owns = found.repo.owner_id == person.id
    if owns or queries.role_of(call, found.repo.id, person.id) is not None:
        return Fit.MEMBER
    if wants_factor(call, found.repo.owner_id) and not person.has_factor:
        return Fit.FACTOR
    return Fit.READY


def _holds(call: Call, found: Invite | None) -> Invite:
    if found is None or not may_still(call, found):
        raise NotFound(GONE)
    return found


def _of_mine(work: Work, key: str, person: people.User) -> Invite:
    for one in queries.invites_of_person(work, person.id):
        if one.key == key:
            return _holds(work, one)
    raise NotFound(GONE)


def _tell_inviter(
    work: Work, found: Invite, write: Callable[[Reader, Repo, str, str], Letter], who: str
) -> None:
    link = page(work, f"{found.repo.web_path}/settings/collaborators")
    invitations.tell_inviter(
        work, found.inviter_id, lambda reader: write(reader, found.repo, who, link)
    )
