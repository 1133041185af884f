"""Domains whose people come in through one other site, and by no other way (product §3.7).

What somebody typed says by its domain alone that this holds for it: nobody learns whether there is
such an account. A username says so to whoever has shown who they are, and to nobody else.
"""

from __future__ import annotations

from strata.accounts import confirmed, people
from strata.accounts.mailboxes import addresses
from strata.accounts.people import User
from strata.accounts.standing import require_enterable, require_not_closed
from strata.core.actor import Standing
from strata.core.call import Call, working
from strata.core.errors import Forbidden, LogInElsewhere
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.events.facts import record


def site_of(hub: Hub, typed: str) -> LoginProvider | None:
    """The site through which people with such an address come in; None: any way is theirs."""
    address = addresses.parse(typed) if "@" in typed else None
    return None if address is None else _of_domain(hub, address.domain)


def require_free(hub: Hub, typed: str, *, through: str = "") -> None:
    """Insist that people with such an address may come in like this.

    Args:
        typed: whatever somebody typed as who they are.
        through: id of the site that they come from.

    Raises:
        LogInElsewhere: they may not.
    """
    site = site_of(hub, typed)
    if site is not None and site.id != through:
        raise LogInElsewhere(site.id, site.name)


def require_way_in(call: Call, user: User, how: str) -> None:
    """Insist that an account may be entered, like this; call it at every log-in.

    Args:
        how: the means, the first one first: "password", "passkey", "github+totp".

    Raises:
        AccountSuspended, Forbidden: as `accounts.standing.require_enterable`.
        LogInElsewhere: one of its addresses is of a domain whose people come in through a site.
    """
    sites = sites_of(call, user)
    if not sites:
        require_enterable(call, user)
        return
    require_not_closed(call, user)  # no password opens it, so none has to be chosen
    if how.partition("+")[0] not in {site.id for site in sites}:
        raise LogInElsewhere(sites[0].id, sites[0].name)


def note_refused(call: Call, user: User, error: Forbidden) -> None:
    """Write down that somebody showed who they are and did not come in: as `require_way_in`."""
    with working(call) as work:
        there = people.by_id(work, user.id)
        detail = {"standing": there.standing if there else Standing.DELETED.value}
        if isinstance(error, LogInElsewhere):
            detail = {"site": error.provider}
        record(work, "account.login_failed", target=user.name, actor_id=user.id, detail=detail)


def sites_of(call: Call, user: User) -> list[LoginProvider]:
    """The sites through one of which an account is entered; empty: it is entered in any way."""
    if not any(one.required_domains for one in call.hub.providers):
        return []
    keys = [user.email_key, *(held.key for held in confirmed.emails_of(call, user.id))]
    found = (_of_domain(call.hub, key.rpartition("@")[2]) for key in keys)
    return [site for site in found if site is not None]


def _of_domain(hub: Hub, domain: str) -> LoginProvider | None:
    """Which site a domain (ASCII form) is of; the domain itself is meant before those above it."""
    asked = [(one, pattern) for one in hub.providers for pattern in one.required_domains]
    named = [one for one, pattern in asked if addresses.covers(pattern, domain)]
    exact = [one for one, pattern in asked if pattern.strip().lower() == domain]
    return next(iter(exact + named), None)
