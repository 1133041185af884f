"""Make invitations to an organisation, and take them back (product §3.18)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from strata.accounts import addresses, limits, people
from strata.accounts.notices.choices import Kind, wants_mail
from strata.accounts.notices.times import held_for
from strata.accounts.notices.unsubscribing import address
from strata.accounts.standing import is_shown
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.facts import Whose, record
from strata.events.letters import Reader, page
from strata.events.outbox import post
from strata.organizations import queries as organizations
from strata.organizations.inviting import letters, queries
from strata.organizations.record import Organization

LIFE: Final = timedelta(days=7)
MOST_DAYS: Final = 30
MOST_USES: Final = 1000
MOST_AT_ONCE: Final = 50
LONGEST_TOKEN: Final = 128
A_DAY: Final = 24 * 60  # minutes
SENT_PER_DAY: Final = 100  # by one person, wherever
TAKEN_PER_DAY: Final = 3  # by one account or address, from whomever
LINKS_PER_DAY: Final = 20
LINK_ROLES: Final = (Role.READ, Role.CONTRIBUTOR, Role.WRITE)


class Refused(InvalidFields):
    """Somebody cannot be invited; nobody was."""

    def __init__(self, rule: str, name: str = "") -> None:
        super().__init__({"who": (rule,)})
        self.name = name  # as typed


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an invitation is for."""

    reader: Reader
    user_id: int | None = None
    email: str | None = None
    email_key: str | None = None

    @property
    def key(self) -> str:
        return f"org.invited:{self.user_id or self.email_key}"


def invite(work: Work, organization: Organization, who: Sequence[str], role: Role) -> None:
    """Invite accounts by name and people by address; an older invitation of theirs is replaced.

    An address is written to whether or not it belongs to an account, so that nobody learns that.

    Raises:
        Refused: one of them is nobody, or a member already; nobody was invited.
        TooMany: more in a day than one person may send, or one mailbox is to get.
    """
    if not 1 <= len(who) <= MOST_AT_ONCE:
        raise Refused("invite.how_many")
    for name in dict.fromkeys(who):
        target = _target(work, organization, name)
        _count(work, target)
        queries.delete_same(work, organization.id, target.user_id, target.email_key)
        token = _keep(work, organization, role, target)
        link = page(work, share_path(organization.name, token))
        inviter = _inviter(work)
        _write(work, target, letters.Invitation(organization.name, inviter, role, LIFE.days), link)


def _write(work: Work, target: Target, invitation: letters.Invitation, link: str) -> None:
    """Write to who is invited; an account that wants no such mails finds it on its pages."""
    user_id = target.user_id
    if user_id is None:
        post(work, letters.invited(work, target.reader, invitation, link))
    elif wants_mail(work, Kind.INVITATION, user_id):
        stop = address(work, user_id, [Kind.INVITATION])
        told = letters.invited(work, target.reader, invitation, link, unsubscribe=stop)
        post(work, told, after=held_for(work, user_id))


def make_link(work: Work, organization: Organization, role: Role, *, days: int, uses: int) -> str:
    """Make a link for whoever has it; its token, which is seen here and never again.

    Raises:
        InvalidFields: `role` would give away too much; `days` or `uses` is out of bounds.
        TooMany: twenty in a day.
    """
    broken: dict[str, tuple[str, ...]] = {}
    if role not in LINK_ROLES:
        broken["link_role"] = ("invite.link_role",)
    if not 1 <= days <= MOST_DAYS:
        broken["days"] = ("invite.days",)
    if not 1 <= uses <= MOST_USES:
        broken["uses"] = ("invite.uses",)
    if broken:
        raise InvalidFields(broken)
    limits.count(work, limits.Limit(f"org.links:{work.actor.user_id}", LINKS_PER_DAY, A_DAY))
    return _keep(work, organization, role, None, days=days, uses=uses)


def withdraw(work: Work, organization: Organization, invite_id: int) -> None:
    """Let nobody use an invitation any more.

    Raises:
        NotFound: the organisation has no such one.
    """
    found = queries.by_id(work, invite_id)
    if found is None or found.organization_id != organization.id:
        raise NotFound("There is no such invitation any more.")
    queries.delete_one(work, invite_id)
    record(
        work,
        "org.invite.withdraw",
        target=organization.name,
        detail={"invite": invite_id},
        whose=Whose(organization.id),
    )


def share_path(name: str, token: str) -> str:
    """The page where an invitation is answered."""
    return f"/organizations/{name}/share/{token}"


def digest_of(call: Call, token: str) -> str:
    """Under what an invitation's token is kept."""
    return call.hub.secrets.digest("organization-invite", token[:LONGEST_TOKEN])


def _target(work: Work, organization: Organization, name: str) -> Target:
    if "@" in name:
        typed = addresses.parse(name)
        if typed is None:
            raise Refused("invite.unknown", name)
        reader = Reader(typed.text, typed.text, work.origin.language)
        return Target(reader, email=typed.text, email_key=typed.key)
    person = people.by_name(work, name)
    if person is None or not is_shown(work, person):
        raise Refused("invite.unknown", name)
    if organizations.role_of(work, organization.id, person.id) is not None:
        raise Refused("invite.member", name)
    return Target(people.reader(person), user_id=person.id)


def _count(work: Work, target: Target) -> None:
    sent = limits.Limit(f"org.invites:{work.actor.user_id}", SENT_PER_DAY, A_DAY)
    limits.count(work, sent, limits.Limit(target.key, TAKEN_PER_DAY, A_DAY))


def _keep(
    work: Work,
    organization: Organization,
    role: Role,
    target: Target | None,
    *,
    days: int = LIFE.days,
    uses: int = 1,
) -> str:
    token = secrets.token_urlsafe(32)
    user_id = target.user_id if target else None
    values: dict[str, object] = {
        "organization_id": organization.id,
        "inviter_id": work.actor.user_id,
        "user_id": user_id,
        "email": target.email if target else None,
        "email_key": target.email_key if target else None,
        "digest": digest_of(work, token),
        "role": role.value,
        "uses_left": uses,
        "created_at": work.now,
        "expires_at": work.now + timedelta(days=days),
    }
    queries.insert(work, values)
    by = "link" if target is None else "account" if user_id else "email"
    record(
        work,
        "org.invite_user",
        target=organization.name,
        detail={"by": by, "role": role.value, "days": days, "uses": uses},
        whose=Whose(organization.id, user_id),
    )
    return token


def _inviter(work: Work) -> str:
    person = people.by_id(work, work.actor.user_id) if work.actor.user_id else None
    return person.name if person else work.hub.settings.site_name
