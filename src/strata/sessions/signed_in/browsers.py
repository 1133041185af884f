"""Which browsers somebody logged in from; a new one is told to them (product §3.6).

A browser is known by its long-lived cookie, or because one of its family logged in from the same
wider network: people clear cookies, and addresses change within a network.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from ua_parser import parse

from strata.accounts import confirmed, people
from strata.accounts.profile import clocks
from strata.core.call import Call, Work
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.sessions.signed_in import letters
from strata.sessions.signed_in.tables import known_browsers

COOKIE_LIFE: Final = timedelta(days=400)  # browsers keep none longer
LONGEST_COOKIE: Final = 64
_LONGEST_AGENT: Final = 512
_NETWORK: Final = {4: 16, 6: 32}  # bits


def recognise(work: Work, user: people.User, cookie: str) -> str:
    """Note that the account is entered from here, and tell its owner when that is new.

    Args:
        cookie: that the browser sent; empty or unknown to this account: it gets the one that is
            returned, as others may know, or have planted, what is not from here.
    """
    came_before = is_known(work, user.id, cookie)
    held = cookie[:LONGEST_COOKIE] if came_before else secrets.token_urlsafe(32)
    family, network = family_of(work.origin.user_agent), _network_of(work.origin.ip)
    digest = _digest(work.hub, held)
    theirs = known_browsers.c.user_id == user.id
    alike = sa.and_(known_browsers.c.family == family, known_browsers.c.network == network)
    mine = sa.select(known_browsers.c.id).where(theirs)
    is_first = work.db.execute(mine.limit(1)).first() is None
    is_alike = work.db.execute(mine.where(alike).limit(1)).first() is not None
    _keep(work, user.id, digest, family, network)
    if not is_first and not came_before and not is_alike:
        _tell(work, user, family)
    return held


def is_known(call: Call, user_id: int, cookie: str) -> bool:
    """Whether the account was entered in the very browser that sent this cookie.

    Stricter than what is told to its owner: an attacker may share a network and a kind of browser
    with them, never the cookie.
    """
    digest = _digest(call.hub, cookie[:LONGEST_COOKIE])
    same = sa.and_(known_browsers.c.user_id == user_id, known_browsers.c.digest == digest)
    return call.db.execute(sa.select(known_browsers.c.id).where(same)).first() is not None


def family_of(user_agent: str) -> str:
    """The browser and its system in words, such as `Firefox on Linux`; empty when unknown."""
    parsed = parse(user_agent[:_LONGEST_AGENT])
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    return f"{browser} on {system}" if browser and system else browser or system


def whence(call: Call) -> str:
    """From which wider network and which family of browsers somebody asks."""
    return f"{_network_of(call.origin.ip)} {family_of(call.origin.user_agent)}"


def _keep(work: Work, user_id: int, digest: str, family: str, network: str) -> None:
    values = {"family": family, "network": network, "seen_at": work.now}
    fresh = upsert(work.db, known_browsers).values(user_id=user_id, digest=digest, **values)
    columns = [known_browsers.c.user_id, known_browsers.c.digest]
    work.db.execute(fresh.on_conflict_do_update(index_elements=columns, set_=values))


def _tell(work: Work, user: people.User, family: str) -> None:
    record(work, "account.new_device", target=user.name, actor_id=user.id)
    for reader in confirmed.readers(work, user):
        when = clocks.moment(work, user.id, work.now, reader.language)
        outbox.post(work, letters.new_sign_in(work, reader, browser=family, when=when))


def forget_old(work: Work) -> None:
    """Remove the browsers that were not seen for longer than their cookie lives."""
    old = known_browsers.c.seen_at < work.now - COOKIE_LIFE
    work.db.execute(sa.delete(known_browsers).where(old))


def _network_of(ip: str) -> str:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip[:64]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    network = ipaddress.ip_network((address, _NETWORK[address.version]), strict=False)
    return str(network.network_address)


def _digest(hub: Hub, cookie: str) -> str:
    return hub.secrets.digest("device", cookie)
