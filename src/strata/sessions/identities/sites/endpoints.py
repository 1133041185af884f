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
# When an unknown key signs, somebody goes there, or it did not answer.
ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)


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
_FAILED: Final[dict[tuple[str, str], _Kept]] = {}  # the newest failures
_TURNS: Final[dict[tuple[str, str], threading.Lock]] = {}  # who asks


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
    """What the site says there: whoever comes while it is asked waits for the same answer.

    That it does not answer is remembered too. Anybody can name an issuer, and each would wait.
    """
    key = (provider.id, url)
    known = _known(key, hub.clock(), kept_for)
    if known is not None:
        return known.value
    with _LOCK:
        turn = _TURNS.setdefault(key, threading.Lock())
    with turn:
        known = _known(key, hub.clock(), kept_for)
        return known.value if known is not None else _told(hub, provider, url)


def _known(key: tuple[str, str], now: datetime, kept_for: timedelta) -> _Kept | None:
    with _LOCK:
        kept, failed = _KEPT.get(key), _FAILED.get(key)
    if kept is not None and _is_within(kept.at, now, kept_for):
        return kept
    if failed is not None and _is_within(failed.at, now, ASKED_AGAIN_AFTER):
        raise ProviderFailed(failed.value.provider, failed.value.reason, failed.value.failure)
    return None


def _is_within(at: datetime, now: datetime, span: timedelta) -> bool:
    return timedelta(0) <= now - at < span


def _told(hub: Hub, provider: LoginProvider, url: str) -> Any:
    key = (provider.id, url)
    try:
        value = get_json(hub, provider, url)
    except ProviderFailed as failed:
        with _LOCK:
            _FAILED[key] = _Kept(failed, hub.clock())
        raise
    with _LOCK:
        _KEPT[key] = _Kept(value, hub.clock())
        _FAILED.pop(key, None)
    return value
