"""Which access tokens an organisation takes from its members (product §3.10)."""

from __future__ import annotations

from enum import StrEnum

from strata.core.actor import Bar, Role


class TokenPolicy(StrEnum):
    """What an organisation says of all tokens."""

    ANY = "any"
    FINE_GRAINED = "fine_grained"  # those that name what they open
    APPROVED = "approved"  # of those, the ones that an admin has approved


class Approval(StrEnum):
    """What an organisation says of one token that names it."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    REVOKED = "revoked"  # for good, whatever the policy


def bar(policy: TokenPolicy, role: Role, state: str | None, *, narrowed: bool) -> Bar | None:
    """Why the organisation keeps a token of its member out; None: it takes it.

    Args:
        role: the member's; an admin approves their own tokens.
        state: the `Approval` of this token; None: nobody has said anything.
        narrowed: the token names what it opens.
    """
    if state == Approval.REVOKED:
        return Bar.REVOKED
    if policy is TokenPolicy.ANY:
        return None
    if not narrowed:
        return Bar.KIND
    if policy is TokenPolicy.FINE_GRAINED or state == Approval.APPROVED:
        return None
    if state == Approval.DENIED:
        return Bar.DENIED
    return None if state is None and role is Role.ADMIN else Bar.PENDING
