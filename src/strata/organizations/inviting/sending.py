"""Make invitations to an organisation, and take them back (product §3.18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from strata.accounts import invitations, limits, people
from strata.accounts.invitations import A_DAY, GONE, LIFE, Refused, Target
from strata.accounts.mailboxes import links
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.facts import Whose, record
from strata.events.letters import page
from strata.organizations import queries as organizations
from strata.organizations.inviting import letters, queries
from strata.organizations.record import Organization

SORT: Final = invitations.Sort("org", "organization-invite", sent_per_day=100, taken_per_day=3)
MOST_DAYS: Final = 30
MOST_USES: Final = 1000
MOST_AT_ONCE: Final = 50
LINKS_PER_DAY: Final = 20
LINK_ROLES: Final = (Role.READ, Role.CONTRIBUTOR, Role.WRITE)


def invite(work: Work, organization: Organization, who: Sequence[str], role: Role) -> None:
    """Invite accounts by name and people by address; an older invitation of theirs is replaced.

    An address is written to whether or not it belongs to an account, so that nobody learns that.

    Raises:
        Refused: one of them is nobody, or a member already; nobody was invited.
        TooMany: more in a day than one person may send, or one mailbox is to get.
    """
    if not 1 <= len(who) <= MOST_AT_ONCE:
        raise Refused("invite.how_many")
    for name in sorted(dict.fromkeys(who), key=str.lower):  # so that no two wait for each other
        target = invitations.target(work, name)
        if target.user_id and organizations.role_of(work, organization.id, target.user_id):
            raise Refused("invite.member", name)
        invitations.count(work, SORT, target)
        queries.delete_same(work, organization.id, target)
        token = _keep(work, organization, role, target)
        link = page(work, share_path(organization.name, token))
        invitation = letters.Invitation(organization.name, _inviter(work), role, LIFE.days)
        invitations.write(work, target, partial(letters.invited, work, invitation, link))


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
        raise NotFound(GONE)
    if queries.delete_one(work, invite_id) == 0:
        raise NotFound(GONE)
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
    return invitations.digest_of(call, SORT, token)


def _keep(
    work: Work,
    organization: Organization,
    role: Role,
    target: Target | None,
    *,
    days: int = LIFE.days,
    uses: int = 1,
) -> str:
    token = links.fresh()
    values = invitations.columns(work, target, role, timedelta(days=days))
    own = {"organization_id": organization.id, "uses_left": uses, "digest": digest_of(work, token)}
    queries.insert(work, values | own)
    by = target.by if target else "link"
    record(
        work,
        "org.invite_user",
        target=organization.name,
        detail={"by": by, "role": role.value, "days": days, "uses": uses},
        whose=Whose(organization.id, target.user_id if target else None),
    )
    return token


def _inviter(work: Work) -> str:
    person = people.by_id(work, work.actor.user_id) if work.actor.user_id else None
    return person.name if person else work.hub.settings.site_name
