"""Requests to the sites that the operator named, and to wherever they point inside their own host.

The operator chose the hosts, so those may stand in the hub's own network; what their documents
point to elsewhere is judged as any address that a stranger names.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from strata.core.errors import ProviderFailed
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.lib.http.guard import Allowed, TargetRefused
from strata.lib.http.outbound import Message, Outbound, Reply, Unreachable

WITHIN_S: Final = 10
MOST_BYTES: Final = 1024 * 1024
_AGENT: Final = {"Accept": "application/json", "User-Agent": "strata"}


def get_json(hub: Hub, provider: LoginProvider, url: str, *, bearer: str = "") -> Any:
    """What a site says at an address.

    Raises:
        ProviderFailed: it says nothing, or nothing that can be read.
    """
    secret = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    message = Message(b"", _AGENT, secret, method="GET")
    return _decoded(provider, _sent(hub, provider, url, message))


def post_form(
    hub: Hub, provider: LoginProvider, url: str, fields: Mapping[str, str], *, client_auth: str
) -> Mapping[str, Any]:
    """What a site answers to a form in which we show who we are (RFC 6749 §2.3.1).

    Args:
        client_auth: where it wants our secret: "basic" or "post".

    Raises:
        ProviderFailed: nothing that can be read.
    """
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    secret, sent = {}, {**fields, "client_id": provider.client_id}
    if client_auth == "basic":
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        secret = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    else:
        sent["client_secret"] = provider.client_secret
    message = Message(urlencode(sent).encode(), {**_AGENT, **kind}, secret)
    answer = _decoded(provider, _sent(hub, provider, url, message))
    if not isinstance(answer, dict):
        raise ProviderFailed(provider.name, "no JSON object")
    return answer


def _sent(hub: Hub, provider: LoginProvider, url: str, message: Message) -> Reply:
    try:
        return _way_out(hub, provider).send(url, message, within_s=WITHIN_S, keep=MOST_BYTES)
    except TargetRefused as refused:
        raise ProviderFailed(provider.name, str(refused)) from refused
    except Unreachable as silent:
        raise ProviderFailed(provider.name, str(silent)) from silent


def _way_out(hub: Hub, provider: LoginProvider) -> Outbound:
    chosen = (provider.issuer, provider.url, provider.api_url)
    hosts = frozenset(urlsplit(one).hostname or "" for one in chosen if one)
    plain = any(urlsplit(one).scheme == "http" for one in chosen)
    guard = replace(hub.outbound.guard, allowed=Allowed(hosts=hosts), plain_http=plain)
    return replace(hub.outbound, guard=guard)


def _decoded(provider: LoginProvider, reply: Reply) -> Any:
    try:
        answer = json.loads(reply.body)
    except ValueError as error:
        raise ProviderFailed(provider.name, f"status {reply.status}, no JSON") from error
    if reply.status >= 400:
        said = answer.get("error") if isinstance(answer, dict) else None
        raise ProviderFailed(provider.name, f"status {reply.status}, {said or 'no reason'}"[:200])
    return answer
