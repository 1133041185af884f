"""Where a name server listens."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

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
