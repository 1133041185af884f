"""Tell the members of an organisation that it asks for a second factor which they do not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.profile import clocks
from strata.accounts.standing import shown_accounts
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.events import outbox
from strata.events.jobs import enqueue
from strata.organizations import letters, queries
from strata.organizations.record import Organization
from strata.organizations.tables import memberships

AT_ONCE: Final = 200  # people of one transaction


@dataclass(frozen=True, slots=True)
class TellOfDemand:
    """Write to some members and queue the rest; nobody is told of a demand that was taken back."""

    kind: ClassVar[str] = "org.tell_of_demand"
    organization_id: int
    base_url: str  # where the admin asked: jobs know no address
    after: int = 0  # the id of who was told last

    def run(self, call: Call) -> None:
        with working(call) as work:
            organization = queries.by_id(work, self.organization_id)
            if organization is None or organization.factor_from is None:
                return
            some = _next(work, organization.id, self.after)
            for user in some:
                _tell(work, organization, user, self.base_url)
            if len(some) == AT_ONCE:
                enqueue(work, TellOfDemand(organization.id, self.base_url, some[-1].id))


def _next(work: Work, organization_id: int, after: int) -> list[people.User]:
    """Members without a second factor, in the order of their ids."""
    ids = (
        sa.select(users.c.id)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(
            memberships.c.organization_id == organization_id,
            users.c.id > after,
            users.c.has_factor.is_(sa.false()),
            shown_accounts(work.now),
        )
        .order_by(users.c.id)
        .limit(AT_ONCE)
    )
    found = (people.by_id(work, key) for key in work.db.scalars(ids).all())
    return [user for user in found if user is not None]


def _tell(work: Work, organization: Organization, user: people.User, base_url: str) -> None:
    due, reader = organization.factor_from, people.reader(user)
    soon = due is not None and due > work.now
    day = clocks.day(work, user.id, due, reader.language) if due is not None and soon else ""
    outbox.post(work, letters.factor_wanted(work, reader, organization.name, day, base_url))
