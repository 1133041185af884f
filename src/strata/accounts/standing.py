"""Whether an account is open (product §3.1)."""

from __future__ import annotations

from typing import Final

from strata.core.actor import Standing
from strata.core.errors import AccountSuspended, Forbidden

PENDING: Final = "This account waits for the people who run this site to approve it."
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
        case Standing.SUSPENDED:
            raise AccountSuspended
        case Standing.PENDING:
            raise Forbidden(PENDING)
        case Standing.LEAVING:
            raise Forbidden(LEAVING)
        case Standing.ACTIVE:
            pass
