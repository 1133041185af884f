"""Accounts that an operator opens, from the command line or the admin page."""

from __future__ import annotations

from dataclasses import dataclass, field

from strata.accounts import people
from strata.accounts.legal.agreeing import vouch
from strata.accounts.mailboxes import addresses
from strata.accounts.naming import names
from strata.accounts.naming.full_names import full_name_faults
from strata.accounts.passwords import hashing
from strata.accounts.passwords.chosen import new_password_faults
from strata.core.call import Call, working
from strata.core.errors import Conflict
from strata.events.facts import Whose, record
from strata.membership.joining import opening
from strata.membership.joining.faults import require_none


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account that an operator opens; its address counts as confirmed."""

    name: str
    email: str
    password: str | None = field(default=None, repr=False)
    full_name: str = ""
    admin: bool = False
    language: str = "en"
    similar: bool = False  # the name may look like another one


def create_by_operator(call: Call, account: NewAccount) -> people.User:
    """Open a confirmed account from the command line or the admin page.

    Raises:
        InvalidFields: fields are `username`, `email`, `password`, `full_name`.
        AlreadyExists: the name is in use.
        Conflict: the address is in use.
    """
    address = _require_operator_fields(call, account)
    hashed = hashing.hash_password(call.hub, account.password) if account.password else None
    row = opening.Row(
        name=account.name,
        full_name=account.full_name.strip(),
        address=address,
        password_hash=hashed,
        language=account.language,
        admin=account.admin,
        similar=account.similar,
    )
    with working(call) as work:
        user = opening.write(work, row, verified_at=work.now)
        if user.address_taken:
            raise Conflict(f"Another account has the address {address.text}.")
        vouch(work, user.id)
        whose, detail = Whose(subject_id=user.id), {"admin": user.admin}
        record(work, "account.signup", target=user.name, detail=detail, whose=whose)
    return user


def _require_operator_fields(call: Call, account: NewAccount) -> addresses.Address:
    address = addresses.parse(account.email)
    password = account.password
    faults = {
        "email": () if address else ("email.invalid",),
        "password": new_password_faults(call.hub, password, identities=(account.name,))
        if password is not None
        else (),
        "username": names.faults(
            account.name, call.hub.settings, operator=True, similar=account.similar
        ),
        "full_name": full_name_faults(account.full_name),
    }
    require_none(faults)
    assert address is not None, "an address that cannot be read is a fault"
    return address
