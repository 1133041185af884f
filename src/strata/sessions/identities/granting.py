"""Roles in organisations that come from groups at another site."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace

from strata.accounts import people
from strata.accounts.plans.rules import settle_groups
from strata.accounts.standing import now
from strata.core.actor import SYSTEM, Role, Standing
from strata.core.call import Work
from strata.core.errors import Conflict
from strata.core.settings.providers import LoginProvider
from strata.organizations import members, queries


def lock_places(work: Work, providers: Iterable[LoginProvider]) -> None:
    """Make others wait in the organisations in which these sites give roles.

    Call it before the person is held, as whoever leaves takes them: organisations before people,
    and those by id, so that nobody waits for each other.
    """
    named = sorted({rule.organization for one in providers for rule in one.rules})
    found = (queries.by_name(work, name) for name in named)
    for place_id in sorted(place.id for place in found if place is not None):
        queries.locked(work, place_id)


def grant_roles(
    work: Work, provider: LoginProvider, user: people.User, groups: tuple[str, ...]
) -> None:
    """Give the person the roles and the plan that their groups have, and take what they lost.

    Whoever logs in through the site has in each organisation that a rule names the highest role
    that their groups stand for, and none if they are in none of its groups, however they became a
    member: the site alone says. The last admin stays, and who never comes through the site is left
    alone. Accounts that are not confirmed, or wait to be let in, get their roles at the first
    log-in after that.

    Args:
        groups: theirs at the site, among those that rules name.
    """
    wanted: dict[str, Role | None] = {}
    for rule in provider.rules:
        held = wanted.setdefault(rule.organization, None)
        if rule.group in groups and (held is None or rule.role.reaches(held)):
            wanted[rule.organization] = rule.role
    acting = replace(work, actor=SYSTEM)
    for name, role in wanted.items():
        with contextlib.suppress(Conflict):
            _give(acting, name, user, role)
    earned = [plan for group, plan in provider.plan_rules if group in groups]
    settle_groups(acting, user.id, provider.id, earned)


def _give(work: Work, name: str, user: people.User, role: Role | None) -> None:
    organization = queries.by_name(work, name)
    if organization is None:
        return
    if role is not None and now(work, user) is Standing.PENDING:
        return
    if role is not None:
        members.set_role(work, organization, user, role)
    elif queries.role_of(work, organization.id, user.id) is not None:
        members.remove(work, organization, user)
