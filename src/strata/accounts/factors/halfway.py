"""Between the password and the second factor: a browser that may enter nothing yet.

The ticket is known to one browser, opens nothing by itself, lives for ten minutes, works once, and
ends with a new password.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.factors.tables import halfway
from strata.core.call import Call, Work
from strata.core.hub import Hub
from strata.core.settings.providers import UNVOUCHED, Vouched

LIFE: Final = timedelta(minutes=10)
LONGEST: Final = 128  # characters of a ticket, or of a form cookie


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one browser holds; both values come from its cookies."""

    value: str = field(repr=False)
    browser: str = field(repr=False)  # the cookie that its forms belong to


@dataclass(frozen=True, slots=True)
class Halfway:
    """Who has come half the way."""

    user_id: int
    how: str  # by which means: "password", "github"
    remember: bool
    vouched: Vouched = UNVOUCHED


def begin(work: Work, who: Halfway, browser: str) -> Ticket:
    """Note that somebody has shown the first of two factors."""
    value = secrets.token_urlsafe(32)
    work.db.execute(
        sa.insert(halfway).values(
            digest=_digest(work.hub, value),
            user_id=who.user_id,
            browser=_digest(work.hub, browser),
            how=who.how,
            remember=who.remember,
            vouched_identity=who.vouched.identity or None,
            vouched_session=who.vouched.session or None,
            expires_at=work.now + LIFE,
        )
    )
    return Ticket(value, browser)


def look(call: Call, ticket: Ticket) -> Halfway | None:
    """Who holds the ticket; None when it is unknown, over, used, or another browser's."""
    if not ticket.value or len(ticket.value) > LONGEST:
        return None
    found = sa.select(halfway).where(*_held(call, ticket), halfway.c.expires_at > call.now)
    row = call.db.execute(found).first()
    if row is None:
        return None
    vouched = Vouched(row.vouched_identity or "", row.vouched_session or "")
    return Halfway(row.user_id, row.how, row.remember, vouched)


def use(work: Work, ticket: Ticket) -> bool:
    """Use the ticket up; False: somebody else has just done so."""
    return work.db.execute(sa.delete(halfway).where(*_held(work, ticket))).rowcount == 1


def forget(work: Work, user_id: int) -> None:
    """Send everybody who is half the way into an account back to its beginning."""
    work.db.execute(sa.delete(halfway).where(halfway.c.user_id == user_id))


def forget_all(work: Work) -> None:
    """Send everybody who is half the way into any account back to its beginning."""
    work.db.execute(sa.delete(halfway))


def forget_over(work: Work) -> None:
    """Remove those whose time is over."""
    work.db.execute(sa.delete(halfway).where(halfway.c.expires_at <= work.now))


def _held(call: Call, ticket: Ticket) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        halfway.c.digest == _digest(call.hub, ticket.value),
        halfway.c.browser == _digest(call.hub, ticket.browser),
    )


def _digest(hub: Hub, value: str) -> str:
    return hub.secrets.digest("halfway", value)
