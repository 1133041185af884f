"""Where a request came from, and under which name of ours it was sent.

A page of another site can have its own name lead to this machine (DNS rebinding), and whoever asks
may write any name into `Host`: only names of the hub are answered, so that no link in a mail and no
page of ours ever bears another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from strata.core.call import Origin
from strata.core.errors import Malformed
from strata.core.settings.tree import Settings

_HOST: Final = re.compile(
    r"(?:([A-Za-z0-9._-]{1,253})|\[([0-9A-Fa-f:.]{2,45})\])(?::\d{1,5})?", re.ASCII
)
_LOCAL: Final = "localhost"
MALFORMED: Final = "The Host header is missing or malformed."
STRANGE: Final = (
    "This hub does not answer under the name {host}. Use the address that its operator gave you; "
    "the operator can allow this name in STRATA_SERVER_ALIASES."
)


def origin_of(
    settings: Settings, scope: Scope, headers: Mapping[str, str], request_id: str
) -> Origin:
    """Where the request came from and which address its links must bear.

    Raises:
        Malformed: it was sent to a name that is not one of the hub.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    proxies = settings.server.trusted_proxies
    trusted = _is_trusted(peer, proxies)
    forwarded = headers.get("x-forwarded-for", "") if trusted else ""
    host = (headers.get("x-forwarded-host") if trusted else None) or headers.get("host", "")
    _require_ours(settings, host)
    scheme = (headers.get("x-forwarded-proto") if trusted else None) or scope["scheme"]
    return Origin(
        base_url=settings.public_url.rstrip("/") or _base_url(scheme, host),
        ip=_caller(peer, forwarded, proxies),
        user_agent=headers.get("user-agent", ""),
        request_id=request_id,
    )


def _require_ours(settings: Settings, host: str) -> None:
    """Insist on a name of ours.

    This machine's own names, and where `public_url` says what links bear any address in numbers,
    are no names that somebody else could have lead here.
    """
    if not host and settings.public_url:
        return  # HTTP/1.0, as load balancers ask whether we are there
    found = _HOST.fullmatch(host)
    if found is None:
        raise Malformed(MALFORMED)
    name = (found[1] or found[2]).lower().removesuffix(".")
    known = {urlsplit(settings.public_url).hostname, *map(str.lower, settings.server.aliases)}
    if name in known or name == _LOCAL or name.endswith(f".{_LOCAL}"):
        return
    address = _address(name)
    if address is None or not (address.is_loopback or settings.public_url):
        raise Malformed(STRANGE.format(host=host))


def _base_url(scheme: str, host: str) -> str:
    if scheme not in ("http", "https"):
        raise Malformed(MALFORMED)
    return f"{scheme}://{host}"


def _caller(peer: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """The last address of the chain that is none of our proxies: nobody else vouches for more."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    chain = [peer, *reversed(hops)]
    return next((hop for hop in chain if not _is_trusted(hop, proxies)), chain[-1])


def _is_trusted(hop: str, proxies: tuple[str, ...]) -> bool:
    address = _address(hop) if proxies else None
    return address is not None and any(
        address in ip_network(proxy, strict=False) for proxy in proxies
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address in numbers; one of IPv4 as itself, also where a socket of IPv6 tells it."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
