"""Addresses of accounts that take no mail (product S-021, §3.1): a warning, never a lock.

Their owner reads of it on every page, and by mail at the other confirmed addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.tables import emails, users
from strata.core.call import Call, Work, working
from strata.events import outbox
from strata.events.facts import Fact, Whose, record
from strata.events.mails import troubles
from strata.events.mails.tables import undeliverable
from strata.membership.closing.facts import GONE
from strata.membership.emails import letters
from strata.membership.emails.tables import email_changes

LIFE: Final = timedelta(days=7)  # of what is known of an address that belongs to no account


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


def forget_old(work: Work) -> None:
    """Forget what became of mails to addresses that no account has, or has any more."""
    held = sa.exists().where(emails.c.key == undeliverable.c.key)
    said = sa.exists().where(users.c.email_key == undeliverable.c.key)
    old = undeliverable.c.at <= work.now - LIFE
    work.db.execute(sa.delete(undeliverable).where(old, ~held, ~said))


def forget_mails(work: Work, fact: Fact) -> None:
    """Remove the mails to addresses that one who is gone had once, or only asked for."""
    if fact.name != GONE or fact.subject_id is None:
        return
    asked = sa.select(email_changes.c.email, email_changes.c.email_key)
    rows = work.db.execute(asked.where(email_changes.c.user_id == fact.subject_id)).all()
    owners = {row.email: people.owner_of_address(work, row.email_key) for row in rows}
    theirs = [key for key, owner in owners.items() if not owner or owner.id == fact.subject_id]
    outbox.forget_done(work, theirs)
