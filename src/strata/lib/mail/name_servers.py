"""Where a name server listens, and asking it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import dns.resolver

DNS_PORT: Final = 53


def place_of(server: str) -> tuple[str, int]:
    """Split `10.0.0.53`, `10.0.0.53:5353`, `fd00::53` or `[fd00::53]:5353`.

    Raises:
        ValueError: it is none of these.
    """
    if server.startswith("[") or server.count(":") == 1:
        parts = urlsplit(f"//{server}")
        return str(ip_address(parts.hostname or "")), parts.port or DNS_PORT
    return str(ip_address(server)), DNS_PORT


def resolver_of(servers: Sequence[str]) -> dns.resolver.Resolver:
    """Whom to ask: these, or those of this machine when there are none.

    Raises:
        DNSException: the machine names none.
    """
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        places = [place_of(server) for server in servers]
        resolver.nameservers = [host for host, _ in places]
        resolver.nameserver_ports = dict(places)
    return resolver
