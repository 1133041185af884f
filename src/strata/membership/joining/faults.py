"""What is wrong with the fields of a sign-up, and of an account that an operator opens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from strata.accounts import limits, puzzles
from strata.accounts.mailboxes import addresses
from strata.accounts.mailboxes.mail_domains import domain_faults
from strata.accounts.naming import names
from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.membership.joining import invites

NAME_CHECKS_PER_MINUTE = 30
WORK_LIFE = timedelta(hours=1)


def email_faults(call: Call, email: str) -> tuple[str, ...]:
    """The message key of what keeps an address from signing up; may ask a name server."""
    return addresses.faults(email, call.hub.settings) or domain_faults(call, email)


def name_faults(call: Call, name: str) -> tuple[str, ...]:
    """Message keys for a name that somebody types: the rules, `name.taken` and `name.similar`.

    Whoever is logged in may have what they gave up themselves.

    Raises:
        TooMany: more than 30 questions in a minute from one address.
    """
    limit = limits.Limit(
        f"names.address:{limits.address_of(call.origin.ip)}", NAME_CHECKS_PER_MINUTE, 1
    )
    with working(call) as work:
        limits.count(work, limit)
    faults = names.faults(name, call.hub.settings)
    return faults or names.conflicts(call, name, call.actor.user_id)


def invite_faults(call: Call, code: str, email: str) -> tuple[str, ...]:
    """The message key of what is wrong with an invitation, where sign-up needs one."""
    if call.hub.settings.accounts.sign_up != "invite":
        return ()
    if not code.strip():
        return ("invite.missing",)
    return () if invites.is_good(call, code, email) else ("invite.bad",)


def work_of(call: Call) -> puzzles.Use:
    """The work that a sign-up has to come with, if any."""
    return puzzles.Use("signup.work", call.hub.settings.accounts.sign_up_work_bits, WORK_LIFE)


def require_none(faults: Mapping[str, tuple[str, ...]]) -> None:
    """Say everything that is wrong at once.

    Args:
        faults: message keys of each field.

    Raises:
        InvalidFields: there are some.
    """
    broken = {name: keys for name, keys in faults.items() if keys}
    if broken:
        raise InvalidFields(broken)
