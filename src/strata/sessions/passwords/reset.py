"""Links that let somebody choose a new password (product §3.13).

A link works once, for an hour, and dies with a newer one, a new password and every change of the
account's addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.mailboxes import links
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.events import outbox
from strata.events.facts import record
from strata.events.letters import page
from strata.sessions.signed_in import letters
from strata.sessions.signed_in.tables import resets

LIFE: Final = timedelta(hours=1)
_PURPOSE: Final = "reset.link"
OVER: Final = "This link can no longer be used. Ask for a new one."


def send(work: Work, user: people.User, to: Iterable[str]) -> None:
    """Write to confirmed addresses of an account; all get one link, the only one that works."""
    forget(work, user.id)
    link = links.fresh()
    work.db.execute(
        sa.insert(resets).values(
            user_id=user.id,
            link_digest=links.digest(work.hub, _PURPOSE, link),
            created_at=work.now,
            expires_at=work.now + LIFE,
        )
    )
    record(work, "account.password_reset_request", target=user.name, actor_id=user.id)
    where = page(work, f"/reset-password/{link}")
    for email in to:
        outbox.post(work, letters.password_reset(work, people.reader(user, email), link=where))


def owner_of_link(call: Call, link: str) -> people.User | None:
    """Whose password a link may change; None when it cannot be used (any more). Changes nothing."""
    user_id = call.db.scalar(
        sa.select(resets.c.user_id).where(
            resets.c.link_digest == links.digest(call.hub, _PURPOSE, link),
            resets.c.used_at.is_(None),
            resets.c.expires_at > call.now,
        )
    )
    return people.by_id(call, user_id) if user_id is not None else None


def use_up(work: Work, link: str) -> None:
    """Use a link up, once.

    Raises:
        NotFound: somebody else has just done so.
    """
    unused = sa.and_(
        resets.c.link_digest == links.digest(work.hub, _PURPOSE, link),
        resets.c.used_at.is_(None),
        resets.c.expires_at > work.now,
    )
    if work.db.execute(sa.update(resets).where(unused).values(used_at=work.now)).rowcount == 0:
        raise NotFound(OVER)


def forget(work: Work, user_id: int) -> None:
    """Let no link of an account work any more."""
    work.db.execute(sa.delete(resets).where(resets.c.user_id == user_id))


def forget_expired(work: Work) -> None:
    """Remove the links that are over."""
    work.db.execute(sa.delete(resets).where(resets.c.expires_at <= work.now))
