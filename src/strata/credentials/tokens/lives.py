"""How long a token may live: as long as the site and the organisations that it names allow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.organizations.tables import organizations


def require(work: Work, expires_at: datetime | None, organization_ids: Iterable[int]) -> None:
    """Insist on an end that the site and the organisations allow.

    Raises:
        InvalidFields: of the field `expires`.
    """
    most = longest(work, organization_ids)
    if expires_at is None:
        fault = "token.needs_end" if most else ""
    elif expires_at <= work.now:
        fault = "token.over"
    else:
        fault = "token.too_long" if most and expires_at > work.now + most else ""
    if fault:
        raise InvalidFields({"expires": (fault,)})


def longest(call: Call, organization_ids: Iterable[int] = ()) -> timedelta | None:
    """How long a token may live that names these organisations; None: as long as it likes."""
    site = call.hub.settings.accounts.token_days
    limits = [site] if site else []
    named = sorted(organization_ids)
    if named:
        days = sa.select(organizations.c.token_days).where(organizations.c.id.in_(named))
        limits += [held for held in call.db.scalars(days) if held]
    return timedelta(days=min(limits)) if limits else None
