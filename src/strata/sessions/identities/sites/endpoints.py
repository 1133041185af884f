"""Where a site wants to be asked: OpenID Connect Discovery 1.0, and GitHub's fixed addresses."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from strata.core.errors import ProviderFailed
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities.sites.talking import get_json

KEPT_FOR: Final = timedelta(hours=1)
ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)  # when an unknown key signs, or somebody goes there


@dataclass(frozen=True, slots=True)
class Endpoints:
    """A site's addresses; an issuer of CI jobs lets nobody log in."""

    issuer: str
    authorization: str = ""
    token: str = ""
    keys: str = ""  # its JWK set
    userinfo: str = ""
    end_session: str = ""  # where it logs people out; empty: it does not
    client_auth: str = "post"  # how it wants to be shown our secret: "basic" or "post"
    names_itself: bool = False  # its answers carry `iss` (RFC 9207)


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    at: datetime


_LOCK: Final = threading.Lock()
_KEPT: Final[dict[tuple[str, str], _Kept]] = {}


def of(hub: Hub, provider: LoginProvider, *, fresh: bool = False) -> Endpoints:
    """The site's addresses; an issuer is asked once in an hour.

    Args:
        fresh: ask again, at most once in a minute: whether it is there before somebody is sent.

    Raises:
        ProviderFailed: it does not tell, or tells of another issuer.
    """
    if provider.kind == "github":
        base = provider.url.rstrip("/")
        return Endpoints(base, f"{base}/login/oauth/authorize", f"{base}/login/oauth/access_token")
    document = _asked(
        hub,
        provider,
        f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        ASKED_AGAIN_AFTER if fresh else KEPT_FOR,
    )
    try:
        found = Endpoints(
            issuer=document["issuer"],
            authorization=document.get("authorization_endpoint", ""),
            token=document.get("token_endpoint", ""),
            keys=document["jwks_uri"],
            userinfo=document.get("userinfo_endpoint", ""),
            end_session=_page(document.get("end_session_endpoint")),
            client_auth=provider.client_auth or _client_auth(document),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderFailed(provider.name, "its discovery document lacks something") from error
    if found.issuer != provider.issuer:  # Discovery 1.0 §4.3: exactly, a slash at the end included
        raise ProviderFailed(provider.name, f"its document names the issuer {found.issuer!r}"[:200])
    return found


def keys_of(hub: Hub, provider: LoginProvider, where: Endpoints, *, fresh: bool = False) -> Any:
    """The JWK set that its statements are checked with.

    Args:
        fresh: ask again, at most once in a minute: an unknown key has signed.
    """
    return _asked(hub, provider, where.keys, ASKED_AGAIN_AFTER if fresh else KEPT_FOR)


def _client_auth(document: Any) -> str:
    """In the header, unless the site says that it takes the form only (Discovery 1.0 §3)."""
    taken = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "basic" if "client_secret_basic" in taken else "post"


def _page(url: object) -> str:
    """An address that a browser may be sent to: nothing that would run as a script of ours."""
    fits = isinstance(url, str) and urlsplit(url).scheme in ("https", "http")
    return str(url) if fits else ""


def _asked(hub: Hub, provider: LoginProvider, url: str, kept_for: timedelta) -> Any:
    key, now = (provider.id, url), hub.clock()
    with _LOCK:
        kept = _KEPT.get(key)
    if kept is not None and timedelta(0) <= now - kept.at < kept_for:
        return kept.value
    value = get_json(hub, provider, url)
    with _LOCK:
        _KEPT[key] = _Kept(value, now)
    return value
