"""Which tokens of its members an organisation takes: its admins decide (product §3.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from strata.access.organizations.managing import managed, overseen
from strata.accounts import people
from strata.core.actor import TokenKind
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields, NotFound
from strata.credentials.oauth.tokens import accesses
from strata.credentials.tokens import owned
from strata.credentials.tokens.approving import approvals, asking
from strata.credentials.tokens.approving.approvals import Asked
from strata.credentials.tokens.tables import tokens
from strata.events.facts import Whose, record
from strata.organizations import queries
from strata.organizations.collaborators.shares import works_for
from strata.organizations.record import Organization
from strata.organizations.tables import organizations
from strata.organizations.token_policy import Approval, TokenPolicy

LONGEST_DAYS: Final = 3650
MISSING: Final = "No member has such a token."
CHANGED: Final = "This token asks for something else by now. Open the page again to see what."
OWN: Final = "This is a token of your own. Delete it on the page about your access tokens."
_FACTS: Final = {
    Approval.APPROVED: "token.org_approve",
    Approval.DENIED: "token.org_deny",
    Approval.REVOKED: "token.org_revoke",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an organisation says of all tokens."""

    policy: TokenPolicy
    days: int | None  # the longest life of a token that names it; None: as the site has it


@dataclass(frozen=True, slots=True)
class Overview:
    """What its admins see."""

    organization: Organization
    rules: Rules
    asked: list[Asked]


def overview(call: Call, name: str) -> Overview:
    """The rules, and the tokens that name the organisation.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `managing.managed`.
    """
    organization = overseen(call, name)
    asked = [one for one in approvals.asked_of(call, organization.id) if _is_newest(call, one)]
    return Overview(organization, _rules(call, organization), asked)


def _is_newest(call: Call, asked: Asked) -> bool:
    """Of the tokens that an application had in one log-in the last one stands for all."""
    if asked.kind is not TokenKind.OAUTH:
        return True
    return accesses.held_with(call, asked.token_id)[0] == asked.token_id


def change_rules(work: Work, name: str, rules: Rules) -> None:
    """Say which tokens are taken; it holds from the next request on.

    Raises:
        InvalidFields: `days` is no number of days that it may be. And as `overview`.
    """
    organization = managed(work, name)
    if rules.days is not None and not 1 <= rules.days <= LONGEST_DAYS:
        raise InvalidFields({"days": ("token.bad_days",)})
    before = _rules(work, organization)
    here = organizations.c.id == organization.id
    values = {"token_policy": rules.policy.value, "token_days": rules.days}
    work.db.execute(sa.update(organizations).where(here).values(**values))
    record(
        work,
        "org.settings.tokens",
        target=organization.name,
        detail={"before": _told(before), "after": _told(rules)},
        whose=Whose(organization.id),
    )


def decide(work: Work, name: str, token_id: int, state: Approval, seen: str = "") -> None:
    """Approve, deny or revoke one token of a member; revoked is for good.

    Args:
        seen: `Asked.seen` of what the admin looked at; only an approval is of that alone.

    Raises:
        NotFound: no member's token of this number names the organisation. And as `overview`.
        Conflict: it was revoked, or asks for something else by now.
    """
    organization = managed(work, name)
    people.locked(work, owned.owner_id(work, token_id))  # neither edited nor refreshed meanwhile
    asked = approvals.asked_for(work, token_id, organization.id)
    if asked is None or state not in _FACTS:
        raise NotFound(MISSING)
    if asked.state is Approval.REVOKED:
        raise Conflict("This token was revoked here for good. Its owner can make another one.")
    if state is Approval.APPROVED and asked.seen != seen:
        raise Conflict(CHANGED)
    _settle(work, organization, asked.token_id, asked.user_id, state)


def revoke_value(work: Work, name: str, value: str) -> None:
    """Keep a member's token out for good, by its value or the one before it that still works.

    Raises:
        NotFound: it is no member's token. Conflict: it is the caller's own. And as `overview`.
    """
    organization = managed(work, name)
    digest = work.hub.secrets.digest("token", value)
    former = sa.and_(tokens.c.former_digest == digest, tokens.c.former_until > work.now)
    known = sa.or_(tokens.c.digest == digest, former)
    shown = sa.select(tokens.c.id, tokens.c.user_id).where(known)
    row = work.db.execute(shown).first()
    if row is None or not _reaches(work, organization, row.user_id):
        raise NotFound(MISSING)
    if row.user_id == work.actor.user_id:
        raise Conflict(OWN)
    people.locked(work, row.user_id)  # as in `decide`
    if work.db.execute(shown).first() != row:  # its owner was faster
        raise NotFound(MISSING)
    _settle(work, organization, row.id, row.user_id, Approval.REVOKED)


def _reaches(call: Call, organization: Organization, user_id: int) -> bool:
    """Whether somebody has anything to do there: as a member, or on one of its repos."""
    if queries.role_of(call, organization.id, user_id) is not None:
        return True
    return bool(call.db.scalar(sa.select(works_for(organization.id, user_id))))


def _settle(
    work: Work, organization: Organization, token_id: int, owner_id: int, state: Approval
) -> None:
    held = owned.held(work, accesses.held_with(work, token_id))
    if token_id not in held:
        raise NotFound(MISSING)
    for one in held:
        approvals.decide(work, one, organization.id, state)
    asking.tell_owner(work, organization.name, token_id, state)
    record(
        work,
        _FACTS[state],
        target=organization.name,
        detail={"token_id": token_id},
        whose=Whose(organization.id, owner_id),
    )


def _rules(call: Call, organization: Organization) -> Rules:
    here = organizations.c.id == organization.id
    row = call.db.execute(
        sa.select(organizations.c.token_policy, organizations.c.token_days).where(here)
    ).one()
    return Rules(TokenPolicy(row[0]), row[1])


def _told(rules: Rules) -> dict[str, object]:
    return {"policy": rules.policy.value, "days": rules.days}
