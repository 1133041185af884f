"""Whether an account is open (product §3.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts.people import User
from strata.accounts.tables import users
from strata.core.actor import Standing
from strata.core.call import Call
from strata.core.errors import AccountSuspended, Forbidden
from strata.lib.db.columns import to_millis

PENDING: Final = "This account waits for the people who run this site to approve it."
MUST_RESET: Final = "auth.must_reset"  # a message key
LEAVING: Final = "This account is about to be deleted. Log in and cancel that first."


def standing_at(now: int, standing: str, until: int | None) -> Standing:
    """What is kept, read at a moment: a suspension ends by itself.

    Args:
        now: milliseconds since 1970, as `until`.
        standing: as kept in `users.standing`.
        until: as kept in `users.standing_until`.
    """
    kept = Standing(standing)
    over = kept is Standing.SUSPENDED and until is not None and until <= now
    return Standing.ACTIVE if over else kept


def require_open(standing: Standing) -> None:
    """Insist that the account may act.

    Raises:
        AccountSuspended: an operator closed it.
        Forbidden: it waits for approval, or for its deletion.
    """
    match standing:
        case Standing.SUSPENDED | Standing.DELETED:
            raise AccountSuspended
        case Standing.PENDING:
            raise Forbidden(PENDING)
        case Standing.LEAVING:
            raise Forbidden(LEAVING)
        case Standing.ACTIVE:
            pass


def now(call: Call, user: User) -> Standing:
    """How an account stands at this moment."""
    until = None if user.standing_until is None else to_millis(user.standing_until)
    return standing_at(to_millis(call.now), user.standing, until)


def is_shown(call: Call, user: User) -> bool:
    """Whether others may know of the account."""
    return user.verified_at is not None and now(call, user) is Standing.ACTIVE


def shown_accounts(now: datetime) -> sa.ColumnElement[bool]:
    """The same as a condition on `users`, for lists."""
    over = sa.and_(users.c.standing == Standing.SUSPENDED.value, users.c.standing_until <= now)
    open_ = sa.or_(users.c.standing == Standing.ACTIVE.value, over)
    return sa.and_(users.c.verified_at.is_not(None), open_)


def is_seen(call: Call) -> sa.ColumnElement[bool]:
    """The same for lists that the caller reads: one's own account is there, and operators see all.

    A condition on `users`.
    """
    if call.actor.system:
        return sa.true()
    return sa.or_(shown_accounts(call.now), users.c.id == (call.actor.user_id or 0))


def require_enterable(call: Call, user: User) -> None:
    """Insist that somebody who has proved who they are may come in; call it at every log-in.

    Raises:
        AccountSuspended: an operator closed the account; with the reason.
        Forbidden: with the message key `auth.must_reset`: another password must be chosen first.
    """
    require_not_closed(call, user)
    if user.must_reset_password:
        raise Forbidden(MUST_RESET)


def require_not_closed(call: Call, user: User) -> None:
    """Insist that no operator has closed the account.

    Raises:
        AccountSuspended: one has; with the reason.
    """
    if now(call, user) in (Standing.SUSPENDED, Standing.DELETED):
        raise AccountSuspended(reason=user.standing_reason or "")
