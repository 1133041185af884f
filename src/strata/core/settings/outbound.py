"""What the settings say about requests to addresses that people choose."""

from __future__ import annotations

from urllib.parse import urlsplit

from strata.core.settings.tree import Settings
from strata.lib.http.guard import Allowed, Guard
from strata.lib.http.outbound import Outbound, Proxy, Resolver, system_addresses


def outbound_of(settings: Settings, resolve: Resolver = system_addresses) -> Outbound:
    """The way out of this hub; it refuses the hub itself by its public name."""
    webhooks = settings.webhooks
    own = urlsplit(settings.public_url).hostname
    guard = Guard(
        allowed=Allowed.parse(webhooks.allow),
        plain_http=webhooks.allow_http,
        own_hosts=frozenset({own} if own else ()),
    )
    proxy = Proxy(webhooks.proxy, webhooks.no_proxy) if webhooks.proxy else None
    return Outbound(guard, resolve, proxy)
