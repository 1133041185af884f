"""Where a request that a stranger chose may go: nowhere inside the network of this server.

Server-side request forgery: whoever may name an address that a server visits can reach, through the
server, what only the server can reach. The guard looks at a URL twice: `target` reads it and
refuses forbidden names and literal addresses, `admits` judges each address that a name resolved to,
right before the connection is made to that very address. Registries: RFC 6890, and what
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
adds for clouds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL: Final = 2048  # characters
_PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that makes a host an address
_KEPT: Final = "/%:@!$&'()*+,;=~-._?"  # RFC 3986 leaves these as they are
_INVISIBLE: Final = re.compile(r"[\x00-\x20\x7f\\]")
# Names that mean this machine, its network or its cloud's metadata, whatever they resolve to.
_INSIDE: Final = ("localhost", "local", "internal", "localdomain", "lan", "home.arpa", "intranet")
_METADATA: Final = frozenset({"metadata", "instance-data"})
# Global by the registries, and still no place for us: IETF protocol assignments, the 6to4 relays,
# the agent of one cloud.
_FORBIDDEN_V4: Final = tuple(
    IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_UNICAST_V6: Final = IPv6Network("2000::/3")  # all that IANA gives out
_FORBIDDEN_V6: Final = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


class TargetRefused(Exception):
    """The guard does not let a request go there; `key` names the reason for translations."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key  # "scheme", "malformed", "credentials" or "inside"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be tried, read once and for all."""

    scheme: str  # "https" or "http"
    host: str  # ASCII, lower case; an IPv6 address without brackets
    port: int
    path: str  # with the query, percent-encoded

    @property
    def authority(self) -> str:
        """What the `Host` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Exceptions that the operator made."""

    hosts: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()  # ".example.com" for `*.example.com`
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Allowed:
        """Read hosts (`hooks.example.com`, `*.example.com`), addresses and networks.

        Raises:
            ValueError: an entry is none of these; the message names it.
        """
        hosts, domains, networks = set(), [], []
        for entry in (entry.strip().lower() for entry in entries):
            if "/" in entry or literal(entry.strip("[]")) is not None:
                networks.append(ip_network(entry.strip("[]"), strict=False))
            elif entry.startswith("*.") and _is_name(entry[2:]):
                domains.append(entry[1:])
            elif _is_name(entry):
                hosts.add(entry)
            else:
                raise ValueError(f"{entry!r} is neither a host nor a network")
        return cls(frozenset(hosts), tuple(domains), tuple(networks))

    def name(self, host: str) -> bool:
        return host in self.hosts or host.endswith(self.domains)

    def address(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be visited; the default is the whole internet by https, and nothing else."""

    allowed: Allowed = Allowed()
    plain_http: bool = False
    own_hosts: frozenset[str] = frozenset()  # the names of this very server

    def target(self, url: str) -> Target:
        """Read a URL and refuse what can be refused without resolving its name.

        Raises:
            TargetRefused: no URL of ours, credentials in it, or a place inside our network.
        """
        parts = _split(url)
        if parts.scheme not in (("https", "http") if self.plain_http else ("https",)):
            raise TargetRefused("scheme", "The address must begin with https://.")
        if parts.username is not None or parts.password is not None:
            raise TargetRefused("credentials", "The address must not hold a user name or password.")
        host = _host(parts)
        self._require_outside(host)
        path = quote(parts.path or "/", safe=_KEPT)
        query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
        return Target(parts.scheme, host, _port(parts), path + query)

    def _require_outside(self, host: str) -> None:
        if self.allowed.name(host):
            return
        address = literal(host)
        if address is None:
            if host in self.own_hosts or _is_inside(host):
                raise _inside(host)
        elif not self.admits(host, address):
            raise _inside(host)

    def admits(self, host: str, address: Address) -> bool:
        """Whether a connection to this address may be made for this host."""
        if self.allowed.name(host) or self.allowed.address(address):
            return True
        embedded = _embedded(address)
        if embedded is not None:
            return self.admits(host, embedded)
        return _is_public(address)


def _inside(host: str) -> TargetRefused:
    return TargetRefused("inside", f"{host} is inside the network of this server.")


def _split(url: str) -> SplitResult:
    malformed = TargetRefused("malformed", "This is not the address of a web server.")
    if len(url) > LONGEST_URL or _INVISIBLE.search(url):
        raise malformed
    try:
        url.encode()  # a lone surrogate can be sent nowhere
        parts = urlsplit(url)
        if not parts.hostname or parts.port == 0:
            raise malformed
    except ValueError as error:
        raise malformed from error
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    """The host as the network knows it; whatever looks like an address must really be one.

    Raises:
        TargetRefused: no name and no address. `127.1`, `0x7f000001` and `2130706433` are none,
            though resolvers of old take them for loopback.
    """
    written = (parts.hostname or "").rstrip(".")
    try:
        host = written if written.isascii() else idna.encode(written, uts46=True).decode()
    except idna.IDNAError as error:
        raise TargetRefused("malformed", "This is not the name of a web server.") from error
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        if literal(host) is None:
            raise TargetRefused("malformed", f"{host} is not an IP address.")
        return host
    if not _is_name(host):
        raise TargetRefused("malformed", f"{host} is not the name of a web server.")
    return host


def _is_name(host: str) -> bool:
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))


def _is_inside(host: str) -> bool:
    """Single words are names of the local network; they resolve by its search list."""
    known = any(host == word or host.endswith(f".{word}") for word in _INSIDE)
    return known or "." not in host or host.split(".", maxsplit=1)[0] in _METADATA


def literal(host: str) -> Address | None:
    """The address that a host is, if it is no name."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one would reach in the end."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        special = address.is_multicast or any(address in network for network in _FORBIDDEN_V4)
        return address.is_global and not special
    special = any(address in network for network in _FORBIDDEN_V6)
    return address in _UNICAST_V6 and address.is_global and not special
