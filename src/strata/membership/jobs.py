"""The hourly housekeeping of accounts, sessions, credentials and invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from strata.accounts import limits
from strata.accounts.factors import challenges, checking, halfway, remembered
from strata.accounts.naming import former
from strata.core.call import Call, Work, working
from strata.credentials.oauth import usage
from strata.credentials.oauth.authorizing import codes
from strata.credentials.oauth.device import user_codes
from strata.credentials.oauth.making import registration
from strata.credentials.oauth.openid import keys
from strata.credentials.oauth.tokens import families
from strata.credentials.tokens import expiring
from strata.events.jobs import enqueue
from strata.membership.closing import gone, suspend
from strata.membership.confirming import unconfirmed
from strata.membership.emails import undeliverable
from strata.membership.export import pack
from strata.membership.joining import invites as joining, pending
from strata.organizations.collaborators import tidying
from strata.organizations.inviting import queries as invites
from strata.sessions.entering import waiting
from strata.sessions.identities import ending, leaving as elsewhere
from strata.sessions.passwords import reset
from strata.sessions.signed_in import browsers, sessions

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TidyAccounts:
    """Remove what is over: sessions, counters, codes, unconfirmed accounts; queues itself again."""

    kind: ClassVar[str] = "accounts.tidy"

    def run(self, call: Call) -> None:
        with working(call) as work:
            sessions.forget_expired(work)
            reset.forget_expired(work)
            elsewhere.forget_over(work)
            for over in (halfway, remembered, challenges, checking, waiting, ending, pending):
                over.forget_over(work)
            for old in (browsers, limits, usage, former, undeliverable, joining, invites, tidying):
                old.forget_old(work)
            expiring.tell(work)
            unconfirmed.tell(work)
            suspend.end_suspensions(work)
            pack.forget_expired(work)
            user_codes.forget_over(work)
            codes.forget_over(work)
            families.forget_over(work)
            registration.forget_unused(work)
            keys.turn(work)
            enqueue(work, self, after=EVERY)
        unconfirmed.remove(call)
        gone.delete_due(call)
        pack.sweep(call)


def begin_tidying(work: Work) -> None:
    """Queue the first round; call it at every start, a waiting one is not queued twice."""
    enqueue(work, TidyAccounts())
