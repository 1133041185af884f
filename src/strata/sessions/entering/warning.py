"""Mails about guesses: to whose password is guessed, and to who runs the site; written by jobs.

A log-in that fails only queues it, for a name that nobody has too: whether there is such an account
costs nothing that could be measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Final

from strata.accounts import confirmed, limits, people
from strata.core.call import Call, Origin, Work, working
from strata.events import outbox
from strata.events.jobs import enqueue
from strata.sessions.signed_in import letters

SPRAYING: Final = "login.sprayed"
EVERY: Final = timedelta(days=1)  # an attack that goes on is told once a day
SPRAYED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WarnOfGuesses:
    """Tell the owner of an account that its password is being guessed, once a day."""

    kind: ClassVar[str] = "accounts.guesses"
    user_id: int  # 0: nobody's
    base_url: str
    request_id: str

    def run(self, call: Call) -> None:
        origin = Origin(self.base_url, request_id=self.request_id)
        with working(replace(call, origin=origin)) as work:
            user, key = people.by_id(work, self.user_id), f"login.warned:{self.user_id}"
            if user is None or user.address_taken:
                return
            if not limits.once(work, key, until=work.now + EVERY):
                return
            for reader in confirmed.readers(work, user) or [people.reader(user)]:
                outbox.post(work, letters.log_in_failures(work, reader))


@dataclass(frozen=True, slots=True)
class WarnOfSpraying:
    """Tell those who run the site that one address tries the accounts of many, once an hour."""

    kind: ClassVar[str] = "accounts.spraying"
    address: str
    base_url: str
    request_id: str

    def run(self, call: Call) -> None:
        origin = Origin(self.base_url, request_id=self.request_id)
        with working(replace(call, origin=origin)) as work:
            if not limits.once(work, SPRAYING, until=work.now + SPRAYED_EVERY):
                return
            for admin in people.site_admins(work):
                reader = people.reader(admin)
                outbox.post(work, letters.sprayed(work, reader, address=self.address))


def alert(work: Work, address: str) -> None:
    """Have those who run the site told."""
    enqueue(work, WarnOfSpraying(address, work.origin.base_url, work.origin.request_id))


def warn(work: Work, user_id: int) -> None:
    """Have the owner told; 0: there is none, and the same is done."""
    enqueue(work, WarnOfGuesses(user_id, work.origin.base_url, work.origin.request_id))
