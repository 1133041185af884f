"""Bearer, Basic, cookie → Actor. The only place that reads credentials from a request.

Tokens come as `Authorization: Bearer` or as the password of Basic with any user name (git, git-lfs,
old clients). An empty Bearer is anonymous: clients 0.11 to 0.19 send it for an empty environment
variable. A token in the address is refused: addresses end up in logs and histories. A wrong token
is 401 even on public content, because clients rely on it to notice. The session cookie counts only
without an Authorization header.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection
from starlette.requests import Request

from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import BadCredentials, Forbidden, Malformed, PasswordShown
from strata.core.hub import Hub
from strata.credentials.tokens.presented import recognising
from strata.sessions.signed_in import sessions

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
IN_ADDRESS = (
    "Access tokens are not accepted in the address, where logs and histories keep them. "
    "Send `Authorization: Bearer` instead, and refresh this token: others may have seen it."
)


def token_in(request: Request) -> str | None:
    """The access token a request carries; None without a header or with an empty one.

    Raises:
        BadCredentials: the header is there and cannot be read.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip() or None
        case "basic":
            return _basic_password(value.strip())
        case _:
            raise BadCredentials


def lfs_credential_in(request: Request) -> str | None:
    """What `git-lfs-authenticate` gave out; None when the request carries anything else."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "remoteauth" else None


def _basic_password(value: str) -> str | None:
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadCredentials from error
    # `https://TOKEN@host` puts the token in the user name.
    return password or (user if user.startswith("hf_") else None)


def has_credentials(request: Request) -> bool:
    """Whether the request shows anything that might tell who asks."""
    if "authorization" in request.headers:
        return True
    return bool(request.cookies.get(session_cookie_name(request.scope["strata"].hub)))


def session_cookie_name(hub: Hub) -> str:
    """The cookie that holds who is logged in."""
    return cookie_name(hub, "sid")


def cookie_name(hub: Hub, name: str) -> str:
    """Bind a cookie to https where the hub has it, and to this very host where it is all ours.

    `__Host-` keeps neighbouring sites from setting the cookie, but demands the path `/`. A hub
    under a prefix shares its host with others, who shall not be sent our cookies.
    """
    if not hub.settings.public_url.startswith("https://"):
        return name
    return f"__Secure-{name}" if hub.settings.prefix else f"__Host-{name}"


def authenticate(hub: Hub, db: Connection, request: Request) -> Actor:
    """Settle who asks.

    Raises:
        BadCredentials: a token that is wrong or revoked.
        PasswordShown: something in the place of a token that looks like a password.
        Forbidden: a cookie-borne write from another site.
        Malformed: a token in the query.
    """
    _require_no_token_in_address(request)
    token = token_in(request)
    if token is not None:
        actor = recognising.actor_for_token(db, hub, token)
        if actor is None:
            raise PasswordShown if _is_password(request, token) else BadCredentials
        return actor
    if "authorization" in request.headers:
        return ANONYMOUS
    cookie = request.cookies.get(session_cookie_name(hub))
    if not cookie:
        return ANONYMOUS
    actor = sessions.actor_for_session(db, hub, cookie)
    if actor is None:
        return ANONYMOUS
    require_same_site(request)
    return actor


def _is_password(request: Request, shown: str) -> bool:
    """Whether a person may have typed it where git and programs ask for a password.

    What it opens elsewhere is not looked at: everything that is no token is told the same.
    """
    is_basic = request.headers["authorization"].lower().startswith("basic ")
    return is_basic and not shown.startswith("hf_")


def _require_no_token_in_address(request: Request) -> None:
    if b"hf_" not in request.scope["query_string"]:
        return
    for name in ("token", "access_token"):
        if request.query_params.get(name, "").startswith("hf_"):
            raise Malformed(IN_ADDRESS)


def require_same_site(request: Request) -> None:
    """A browser sends the cookie along; a write must come from one of our own pages.

    Raises:
        Forbidden: the page that made the browser send this is not ours.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not same:
        raise Forbidden(
            "This request came from another site. Open the page on this hub and try again."
        )
