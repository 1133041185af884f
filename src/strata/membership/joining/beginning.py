"""What is wrong with the first step of a sign-up, whoever says it: the person or another site."""

from __future__ import annotations

from strata.accounts.mailboxes import addresses
from strata.accounts.passwords.chosen import new_password_faults
from strata.core.call import Call
from strata.membership.joining import faults, first
from strata.membership.joining.pending import FirstStep


def first_faults(call: Call, step: FirstStep) -> dict[str, tuple[str, ...]]:
    """Message keys for each field that is missing or wrong; may ask a name server."""
    address = addresses.parse(step.email)
    identities = (address.local_part,) if address else ()
    password: tuple[str, ...] = ()
    if step.identity is None:
        password = new_password_faults(call.hub, step.password, identities=identities)
    found = {
        "email": faults.email_faults(call, step.email),
        "password": password,
        "invite": faults.invite_faults(call, step.invite, step.email),
        "first_code": first.code_faults(call, step.first_code),
    }
    return {name: keys for name, keys in found.items() if keys}
