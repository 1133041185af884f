"""What an owner may have: the settings, over them the owner's plan, over that what is theirs alone.

A plan given by hand stands before those that came by themselves (`rules`).

When a plan or an override expires, the owner falls back to what stands below. Nothing that is there
is ever taken away for it: what is over a quota can be read and deleted, and nothing can be added.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts.plans.tables import plan_claims, plan_grants, plans, quota_overrides
from strata.core.call import Call
from strata.core.errors import InvalidFields, Malformed, OverQuota
from strata.core.settings.tree import Settings

NO_LIMIT: Final = 0
MOST: Final = (1 << 53) - 1  # what JSON and every database hold exactly; 8 PiB
FREE: Final = "Free"


@dataclass(frozen=True, slots=True)
class Quotas:
    """Every key of product §3.17 that a plan can set; 0: no limit."""

    private_bytes: int
    public_bytes: int
    file_bytes: int
    repos: int
    organizations: int
    members: int
    api: int  # requests in five minutes, as the next two
    resolvers: int
    pages: int
    repo_files: int
    folder_files: int  # entries of one folder
    bucket_files: int
    tokens: int
    keys: int  # SSH keys, and as many GPG keys
    webhooks: int
    triggers: int  # of one webhook in 24 hours

    def storage(self, *, private: bool) -> int:
        """Bytes of large files, each once."""
        return self.private_bytes if private else self.public_bytes


KEYS: Final = tuple(field.name for field in fields(Quotas))


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that counts now."""

    plan: str
    expires_at: datetime | None
    quotas: Quotas


def quotas_of(call: Call, owner_id: int) -> Quotas:
    """What an owner (person or organisation) may have now; two indexed lookups."""
    return standing_of(call, owner_id).quotas


def standing_of(call: Call, owner_id: int) -> Standing:
    """The plan of an owner and what comes of it."""
    asked = {"now": call.now, "owner_id": owner_id}
    granted = call.db.execute(_HELD, asked).first()
    own = call.db.execute(_OWN, asked).all()
    values = defaults(call.hub.settings)
    values |= dict(granted.quotas) if granted else {}
    values |= {key: value for key, value in own if key in values}
    return Standing(
        granted.name if granted else FREE,
        granted.expires_at if granted else None,
        Quotas(**values),
    )


def held_plans(
    now: datetime | sa.BindParameter[datetime], owner_id: sa.BindParameter[int] | None = None
) -> sa.CompoundSelect[Any]:
    """Every plan that an owner (None: anybody) has now: owner_id, given, source, name, quotas, end.

    Ordered by `given` and `source`, both descending, the first of an owner is the one that counts.
    """
    halves = []
    for table, given in ((plan_grants, 1), (plan_claims, 0)):
        source = table.c.source if table is plan_claims else sa.literal("")
        half = (
            sa.select(
                table.c.owner_id,
                sa.literal(given).label("given"),
                source.label("source"),
                plans.c.name,
                plans.c.quotas,
                table.c.expires_at,
            )
            .join(table, table.c.plan == plans.c.name)
            .where(_counts(table.c.expires_at, now))
        )
        halves.append(half if owner_id is None else half.where(table.c.owner_id == owner_id))
    return sa.union_all(*halves)


def defaults(settings: Settings) -> dict[str, int]:
    """What everybody may have without a plan."""
    own = {field.name: getattr(settings.quotas, field.name) for field in fields(settings.quotas)}
    rates = settings.rates
    return own | {
        "api": rates.api,
        "resolvers": rates.resolvers,
        "pages": rates.pages,
        "bucket_files": settings.limits.bucket_files,
        "tokens": settings.accounts.tokens_per_user,
        "keys": settings.accounts.keys_per_user,
        "webhooks": settings.webhooks.per_user,
        "triggers": settings.webhooks.triggers_per_day,
    }


def checked(values: dict[str, int]) -> dict[str, int]:
    """Quotas as an operator gives them.

    Raises:
        Malformed: an unknown key or a negative number.
    """
    for key, value in values.items():
        if key not in KEYS:
            raise Malformed(f"There is no quota {key!r}. Known are: {', '.join(KEYS)}.")
        if not 0 <= value <= MOST:
            raise Malformed(f"{key} must be a number from 0 (no limit) to {MOST}.")
    return values


def used_up(quota: int, has: int) -> bool:
    """Whether one more would pass a quota."""
    return quota != NO_LIMIT and has >= quota


def require_count(quota: int, has: int, things: str) -> None:
    """Insist that one more thing is within a quota.

    Raises:
        OverQuota: with the numbers, and what to do.
    """
    if used_up(quota, has):
        raise OverQuota(
            f"This would be one more than the plan allows: {has} of {quota} {things} are in use."
            " Delete some or ask for more under Settings, Plan & quota.",
            has=str(has),
            total=str(quota),
        )


def require_few(quota: int, has: int, field: str, rule: str) -> None:
    """Insist that one more thing of a form is within a quota.

    Args:
        field: of the form, beside which the refusal is told.
        rule: its message key, whose sentence has places for `has` and `total`.

    Raises:
        InvalidFields: with the numbers.
    """
    if used_up(quota, has):
        raise InvalidFields({field: (rule,)}, has=f"{has:,}", total=f"{quota:,}")


def _counts(
    expires_at: sa.Column[datetime], now: datetime | sa.BindParameter[datetime]
) -> sa.ColumnElement[bool]:
    return sa.or_(expires_at.is_(None), expires_at > now)


# Every write asks, some several times: built once, they cost a fifth.
_NOW: Final = sa.bindparam("now", type_=plan_grants.c.expires_at.type)
_OWNER: Final = sa.bindparam("owner_id", type_=sa.BigInteger())
_HELD: Final = held_plans(_NOW, _OWNER).order_by(sa.desc("given"), sa.desc("source"))
_OWN: Final = sa.select(quota_overrides.c.key, quota_overrides.c.value).where(
    quota_overrides.c.owner_id == _OWNER, _counts(quota_overrides.c.expires_at, _NOW)
)
