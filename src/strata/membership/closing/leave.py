"""Leave for good: say so, think it over for a week, be forgotten (product §3.19)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, people, standing as standings
from strata.accounts.profile import clocks
from strata.accounts.tables import users
from strata.core.actor import Role, Standing
from strata.core.call import Call, Work
from strata.core.errors import Conflict, EmailNotVerified, Forbidden, Unauthenticated
from strata.events import outbox
from strata.events.facts import record
from strata.membership.closing import letters
from strata.membership.closing.facts import LEAVING, STAYING
from strata.organizations import queries as organizations
from strata.sessions.signed_in import sessions
from strata.sessions.signed_in.sudo import require_sudo

GRACE: Final = timedelta(days=7)
LAST_ADMIN: Final = "Another account must administer this site before this one can be deleted."


def schedule(work: Work) -> datetime:
    """Close the signed-in person's account now and delete it in a week; when that is.

    Raises:
        Unauthenticated: nobody is signed in, or only by a token.
        EmailNotVerified: unconfirmed accounts leave at once (`confirming.unconfirmed.leave`).
        ProofNeeded: the session must show who sits there.
        Conflict: they are the only admin of an organisation.
        Forbidden: they are the only admin of the site, or the account is not open.
    """
    user = _confirmed(work)
    standings.require_open(standings.now(work, user))
    require_sudo(work)
    _lock_who_decides(work, user)
    user = _confirmed(work)
    standings.require_open(standings.now(work, user))  # an operator may have closed it meanwhile
    _require_dispensable(work, user)
    end = work.now + GRACE
    _stand(work, user.id, Standing.LEAVING, end)
    sessions.end_all(work, user.id, but=work.actor.session_id)
    record(work, LEAVING, target=user.name, detail={"until": end.isoformat()})
    for reader in confirmed.readers(work, user):
        day = clocks.day(work, user.id, end, reader.language)
        outbox.post(work, letters.leaving(work, reader, day=day))
    return end


def cancel(work: Work) -> None:
    """Keep the account after all; what was withheld is there again.

    Raises:
        Unauthenticated: nobody is signed in, or only by a token.
        EmailNotVerified: unconfirmed accounts leave at once.
        Conflict: it is not about to be deleted.
    """
    people.locked(work, _confirmed(work).id)
    user = _confirmed(work)  # as it is now: its week may have been over meanwhile
    if user.standing != Standing.LEAVING:
        raise Conflict("This account is not about to be deleted.")
    _stand(work, user.id, Standing.ACTIVE, None)
    record(work, STAYING, target=user.name)
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.staying(work, reader))


def person(call: Call) -> people.User:
    """Who is signed in, in a browser.

    Raises:
        Unauthenticated: nobody.
    """
    actor = call.actor
    user = people.by_id(call, actor.user_id) if actor.user_id is not None else None
    if user is None or actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return user


def _confirmed(call: Call) -> people.User:
    user = person(call)
    if user.verified_at is None:
        raise EmailNotVerified("Please confirm your email address before you delete the account.")
    return user


def needs(call: Call, user: people.User) -> list[str]:
    """The organisations that would be left without an admin."""
    held = organizations.memberships_of(call, user.id)
    return [
        one.organization.name
        for one in held
        if one.role is Role.ADMIN
        and not organizations.has_other_admin(call, one.organization.id, user.id)
    ]


def _lock_who_decides(work: Work, user: people.User) -> None:
    """Make others wait who could stop being admins at this very moment: one of them must stay.

    In one order, so that nobody waits for each other: organisations before people.
    """
    held = organizations.memberships_of(work, user.id)
    for place in sorted(one.organization.id for one in held if one.role is Role.ADMIN):
        organizations.locked(work, place)
    theirs = sa.select(users.c.id).where(sa.or_(users.c.admin, users.c.id == user.id))
    which = theirs if user.admin else sa.select(users.c.id).where(users.c.id == user.id)
    work.db.execute(which.order_by(users.c.id).with_for_update())


def _require_dispensable(work: Work, user: people.User) -> None:
    alone = needs(work, user)
    if alone:
        raise Conflict(
            f"You are the only admin of {', '.join(alone)}. Make another member admin first."
        )
    others = sa.select(users.c.id).where(
        users.c.admin, users.c.id != user.id, users.c.standing == Standing.ACTIVE.value
    )
    if user.admin and work.db.execute(others.limit(1)).first() is None:
        raise Forbidden(LAST_ADMIN)


def _stand(work: Work, user_id: int, standing: Standing, until: datetime | None) -> None:
    values: Mapping[str, object] = {"standing": standing.value, "standing_until": until}
    work.db.execute(sa.update(users).where(users.c.id == user_id).values(**values))
