"""Which organisations a person without a second factor is kept out of (product §3.12).

The site may ask it of its admins or of everybody, an organisation of its members; each leaves some
time. The statements that read a session, a token or a key bring `COLUMNS` along (ADR 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from strata.core.hub import Hub
from strata.core.settings.groups.accounts import AccountsSettings
from strata.lib.db.columns import from_millis

# Of `users u`, and of `memberships m` and `organizations o` for each of their organisations.
COLUMNS: Final = "u.has_factor, u.admin, u.created_at, m.organization_id, o.factor_from"
WIDTH: Final = 5


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a person."""

    closed: frozenset[int] = frozenset()  # organisations, by their ids
    due: datetime | None = None  # until when; None: nothing is asked, or they have what is asked


def demand_of(hub: Hub, rows: Iterable[Sequence[Any]]) -> Demand:
    """What rows of `COLUMNS` ask of one person.

    Args:
        rows: one for each membership, and one without any of who has none; none at all: of a caller
            who owes no factor.
    """
    told = list(rows)
    if not told or told[0][0]:
        return Demand()
    _, admin, created_at = told[0][:3]  # the same in each row
    site = _of_site(hub.settings.accounts, created_at, admin=bool(admin))
    deadlines: dict[int, datetime] = {}
    for *_, organization_id, factor_from in told:
        at = _earlier(site, factor_from)
        if organization_id is not None and at is not None:
            deadlines[organization_id] = at
    if site is None and not deadlines:
        return Demand()
    due = min([*deadlines.values(), *([site] if site else [])])
    now = hub.clock()
    return Demand(frozenset(key for key, at in deadlines.items() if at <= now), due)


def _earlier(site: datetime | None, factor_from: int | None) -> datetime | None:
    """Which deadline counts inside an organisation, the site's or its own."""
    if factor_from is None:
        return site
    own = from_millis(factor_from)
    return own if site is None else min(site, own)


def _of_site(settings: AccountsSettings, created_at: int, *, admin: bool) -> datetime | None:
    """Until when the site wants an account to have a second factor.

    Args:
        created_at: milliseconds since 1970.
    """
    if settings.two_factor == "off" or (settings.two_factor == "admins" and not admin):
        return None
    born = from_millis(created_at)
    since = settings.two_factor_since
    begun = datetime.fromisoformat(since).replace(tzinfo=UTC) if since else born
    return max(begun, born) + timedelta(days=settings.two_factor_grace_days)
