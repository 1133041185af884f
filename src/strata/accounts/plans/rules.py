"""Plans that nobody gives by hand: by the domain of a confirmed address, a group, an invitation.

What was given by hand stands before them; among them an invitation before a group at another site,
and that before a domain. They are written down where they begin to hold, so that asking what
somebody may have costs the same for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.mailboxes import addresses
from strata.accounts.plans.grants import require_plan
from strata.accounts.plans.tables import domain_plans, plan_claims, plans
from strata.accounts.tables import emails, namespaces
from strata.core.call import Call, Work
from strata.core.errors import Malformed, NotFound
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert

# The later in the alphabet, the more it counts (`quotas.standing_of`).
DOMAIN: Final = "domain"
GROUP: Final = "group"  # and the id of the site
INVITE: Final = "invite"


def by_domain(work: Work, domain: str, plan: str) -> int:
    """Give a plan to whoever confirms an address of a domain, and to those who have.

    Args:
        domain: `example.com`, or `*.example.com` for all domains below it.

    Returns how many have it now.

    Raises:
        Malformed: no domain. NotFound: no such plan.
    """
    name = _domain(domain)
    require_plan(work, plan)
    before = domain_rules(work).get(name)
    fresh = upsert(work.db, domain_plans).values(domain=name, plan=plan)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["domain"], set_={"plan": plan}))
    _record_rule(work, name, before, plan)
    return sum(settle_domains(work, owner_id) for owner_id in _at(work, name))


def no_longer_by_domain(work: Work, domain: str) -> None:
    """Let an address of a domain stand for nothing; whoever had the plan falls back.

    Raises:
        NotFound: there is no such rule.
    """
    name = _domain(domain)
    before = domain_rules(work).get(name)
    if not work.db.execute(sa.delete(domain_plans).where(domain_plans.c.domain == name)).rowcount:
        raise NotFound(f"No plan comes with {domain}. `strata plan rules` shows those that do.")
    _record_rule(work, name, before, None)
    for owner_id in _at(work, name):
        settle_domains(work, owner_id)


def domain_rules(call: Call) -> dict[str, str]:
    """The plan of each domain, by name."""
    rows = call.db.execute(sa.select(domain_plans).order_by(domain_plans.c.domain))
    return {row.domain: row.plan for row in rows}


def settle_domains(work: Work, user_id: int) -> bool:
    """Let a person have the plan of their confirmed addresses, if any; call it when they change.

    Returns whether they have one.
    """
    rules = domain_rules(work)
    mine = sa.select(emails.c.key).where(emails.c.user_id == user_id)
    domains = [key.rpartition("@")[2] for key in work.db.scalars(mine)] if rules else []
    found = sorted(
        rule for rule in rules if any(addresses.covers(rule, domain) for domain in domains)
    )
    # The most precise name counts: `example.com` before `*.example.com`, the longer before that.
    best = max(found, key=lambda rule: (not rule.startswith("*"), len(rule)), default=None)
    _hold(work, user_id, DOMAIN, rules[best] if best else None)
    return best is not None


def settle_groups(work: Work, user_id: int, provider: str, wanted: Iterable[str]) -> None:
    """Let a person have the first of the plans that their groups at a site stand for, or none.

    Args:
        wanted: names of plans, the best first; those that do not exist are passed over.
    """
    names = list(wanted)
    known = set(work.db.scalars(sa.select(plans.c.name).where(plans.c.name.in_(names))))
    plan = next((name for name in names if name in known), None)
    _hold(work, user_id, f"{GROUP} {provider}", plan)


def by_invite(work: Work, user_id: int, plan: str, days: int | None) -> None:
    """Let a person have the plan that came with their invitation.

    Args:
        days: after which it ends; None: never.
    """
    end = None if days is None else work.now + timedelta(days=days)
    _hold(work, user_id, INVITE, plan, end)


def _hold(
    work: Work, user_id: int, source: str, plan: str | None, expires_at: datetime | None = None
) -> None:
    here = sa.and_(plan_claims.c.owner_id == user_id, plan_claims.c.source == source)
    held = work.db.scalar(sa.select(plan_claims.c.plan).where(here))
    if held == plan:
        return
    work.db.execute(sa.delete(plan_claims).where(here))
    if plan is not None:
        values = {"plan": plan, "granted_at": work.now, "expires_at": expires_at}
        work.db.execute(sa.insert(plan_claims).values(owner_id=user_id, source=source, **values))
    name = work.db.scalar(sa.select(namespaces.c.name).where(namespaces.c.id == user_id))
    detail = {"by": source, **changes({"plan": held}, {"plan": plan})}
    record(work, "quota.plan_change", target=name, detail=detail, whose=Whose(user_id, user_id))


def _record_rule(work: Work, domain: str, before: str | None, after: str | None) -> None:
    detail = changes({"plan": before}, {"plan": after})
    record(work, "admin.plan_rule", target=domain, detail=detail)


def _at(call: Call, domain: str) -> Sequence[int]:
    """Who has a confirmed address of a domain, or of one below `*.`."""
    ending = domain.removeprefix("*") if domain.startswith("*") else f"@{domain}"
    mine = emails.c.key.endswith(ending, autoescape=True)
    return call.db.scalars(sa.select(emails.c.user_id).where(mine).distinct()).all()


def _domain(text: str) -> str:
    wild, name = text.strip().startswith("*."), text.strip().removeprefix("*.")
    address = addresses.parse(f"x@{name}")
    if address is None:
        raise Malformed(f"{text!r} is no domain. Write example.com, or *.example.com.")
    return f"*.{address.domain}" if wild else address.domain
