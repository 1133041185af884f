"""What an operator does about plans: make them, give them, change single quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from strata.accounts.naming import names
from strata.accounts.plans.quotas import FREE, checked, defaults, held_plans
from strata.accounts.plans.rates import Bucket, quotas as rate_quotas
from strata.accounts.plans.tables import plan_grants, plans, quota_overrides
from strata.core.call import Call, Work
from strata.core.errors import Malformed, NotFound
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert


@dataclass(frozen=True, slots=True)
class Plan:
    """A named bundle; a quota that it does not name is as in the settings."""

    name: str
    quotas: Mapping[str, int]
    owners: int  # who have it now


def make(work: Work, name: str, quotas: dict[str, int]) -> None:
    """Make a plan, or give a plan other quotas.

    Raises:
        Malformed: no name, the name of what everybody has, or an impossible quota.
    """
    if not name.strip() or name.strip().lower() == FREE.lower():
        raise Malformed(f"A plan needs a name, and {FREE} is what the settings say.")
    called, values = name.strip(), {"quotas": checked(quotas)}
    before = work.db.scalar(sa.select(plans.c.quotas).where(plans.c.name == called))
    fresh = upsert(work.db, plans).values(name=called, created_at=work.now, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["name"], set_=values))
    record(work, "admin.plan_update", target=called, detail=changes(before or {}, quotas))


def listed(call: Call) -> list[Plan]:
    """What everybody has, then every plan by name."""
    held = call.db.execute(held_plans(call.now).order_by("given", "source"))
    owners = Counter({row.owner_id: row.name for row in held}.values())
    rows = call.db.execute(sa.select(plans.c.name, plans.c.quotas).order_by(plans.c.name))
    free = Plan(FREE, defaults(call.hub.settings), 0)
    return [free, *(Plan(row.name, row.quotas, owners[row.name]) for row in rows)]


def assign(work: Work, owner: names.Namespace, plan: str, expires_at: datetime | None) -> None:
    """Give somebody a plan instead of the one they have.

    Raises:
        NotFound: no such plan.
    """
    require_plan(work, plan)
    before = _granted(work, owner.id)
    values = {"plan": plan, "granted_at": work.now, "expires_at": expires_at}
    fresh = upsert(work.db, plan_grants).values(owner_id=owner.id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["owner_id"], set_=values))
    detail = changes(before, _granted(work, owner.id))
    _tell(work, "quota.plan_change", owner, detail)


def withdraw(work: Work, owner: names.Namespace) -> None:
    """Let an owner fall back to what everybody has."""
    before = _granted(work, owner.id)
    work.db.execute(sa.delete(plan_grants).where(plan_grants.c.owner_id == owner.id))
    detail = changes(before, _granted(work, owner.id))
    _tell(work, "quota.plan_change", owner, detail)


def override(
    work: Work, owner: names.Namespace, key: str, value: int | None, expires_at: datetime | None
) -> None:
    """Give one owner another quota; without a value take that back.

    Raises:
        Malformed: no such quota, or a negative number.
    """
    checked({key: value or 0})
    here = sa.and_(quota_overrides.c.owner_id == owner.id, quota_overrides.c.key == key)
    held = work.db.execute(sa.select(quota_overrides).where(here)).first()
    before = {key: held.value, "expires": _text(held.expires_at)} if held else {key: None}
    if value is None:
        work.db.execute(sa.delete(quota_overrides).where(here))
    else:
        values = {"value": value, "expires_at": expires_at}
        fresh = upsert(work.db, quota_overrides).values(owner_id=owner.id, key=key, **values)
        work.db.execute(
            fresh.on_conflict_do_update(index_elements=["owner_id", "key"], set_=values)
        )
    after = {key: None} if value is None else {key: value, "expires": _text(expires_at)}
    _tell(work, "quota.override", owner, {"key": key, **changes(before, after)})


def _granted(call: Call, owner_id: int) -> dict[str, object]:
    """The plan that an operator gave to somebody, until when."""
    here = plan_grants.c.owner_id == owner_id
    row = call.db.execute(sa.select(plan_grants).where(here)).first()
    return {"plan": row.plan, "expires": _text(row.expires_at)} if row else {"plan": FREE}


def require_plan(call: Call, plan: str) -> None:
    """Insist that there is a plan of this name.

    Raises:
        NotFound: there is none.
    """
    if call.db.scalar(sa.select(plans.c.name).where(plans.c.name == plan)) is None:
        raise NotFound(f"There is no plan named {plan!r}. `strata plan list` shows them.")


def holders(call: Call, plan: str) -> sa.Select[tuple[int]]:
    """Select the ids of those who have a plan, also beside another one that counts more."""
    held = held_plans(call.now).subquery()
    return sa.select(held.c.owner_id).where(held.c.name == plan)


def special_rates(call: Call) -> dict[int, dict[Bucket, int]]:
    """The request quotas of every account that has others than most; read now and then."""
    usual = rate_quotas(call.hub.settings.rates)
    found: dict[int, dict[Bucket, int]] = {}
    held = held_plans(call.now).order_by("given", "source")
    for row in call.db.execute(held):  # the last of an owner counts
        found[row.owner_id] = usual | _rates(row.quotas)
    own = sa.select(quota_overrides.c.owner_id, quota_overrides.c.key, quota_overrides.c.value)
    for owner_id, key, value in call.db.execute(
        own.where(
            quota_overrides.c.key.in_(("api", "resolvers", "pages")),
            _still(quota_overrides.c.expires_at, call.now),
        )
    ):
        found[owner_id] = found.get(owner_id, usual) | _rates({key: value})
    return found


def _rates(quotas: Mapping[str, int]) -> dict[Bucket, int]:
    rated = (Bucket.API, Bucket.RESOLVERS, Bucket.PAGES)
    # 0 means no limit; no caller makes so many requests in five minutes.
    return {bucket: quotas[bucket] or 1 << 53 for bucket in rated if bucket in quotas}


def _still(expires_at: sa.Column[datetime], now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(expires_at.is_(None), expires_at > now)


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else "never"


def _tell(work: Work, fact: str, owner: names.Namespace, detail: Mapping[str, object]) -> None:
    record(work, fact, target=owner.name, detail=detail, whose=Whose(owner.id, owner.id))
