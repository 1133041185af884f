"""Addresses of accounts that take no mail (product S-021, §3.1): a warning, never a lock.

Their owner reads of it on every page, and by mail at the other confirmed addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strata.accounts import confirmed, people
from strata.core.call import Call, working
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.events.mails import troubles
from strata.membership.emails import letters


@dataclass(frozen=True, slots=True)
class TellUndeliverable:
    """Write to the other addresses of whoever has an address that began to refuse mail."""

    kind: ClassVar[str] = "accounts.undeliverable"
    address: str  # as `emails.key`

    def run(self, call: Call) -> None:
        found = troubles.troubles(call, [self.address]).get(self.address)
        owner = people.by_id(call, confirmed.owner_id(call, self.address) or 0)
        if found is None or owner is None:
            return
        held = confirmed.emails_of(call, owner.id)
        email = next(one.email for one in held if one.key == self.address)
        with working(call) as work:
            record(
                work,
                "account.email_undeliverable",
                target=owner.name,
                detail={"reason": found.reason},
                whose=Whose(subject_id=owner.id),
            )
            for other in held:
                if other.key != self.address:
                    reader = people.reader(owner, other.email)
                    outbox.post(work, letters.comes_back(work, reader, email=email))
