"""What another site said of somebody, kept by their browser until they show whose account it is."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.lib.db.columns import to_millis
from strata.sessions.identities.sites.claims import Claims
from strata.web.auth import cookie_name
from strata.web.pages.frame.cookies import set_cookie
from strata.web.work import hub_of

LINK: Final = "link"
LIFE: Final = timedelta(minutes=15)
_SEAL: Final = "login.link"


class _Kept(msgspec.Struct, frozen=True):
    claims: Claims
    until: int  # milliseconds since 1970


def keep_claims(request: Request, answer: Response, claims: Claims) -> Response:
    """Let the browser keep them, sealed: it can neither read nor change them."""
    hub = hub_of(request)
    kept = _Kept(claims, to_millis(hub.clock() + LIFE))
    sealed = hub.secrets.seal(_SEAL, msgspec.json.encode(kept).decode())
    cookie = base64.urlsafe_b64encode(sealed).decode()
    set_cookie(request, answer, cookie_name(hub, LINK), cookie, max_age=int(LIFE.total_seconds()))
    return answer


def kept_claims(request: Request) -> Claims | None:
    """What the browser keeps; None when that is nothing of ours, or too old."""
    hub = hub_of(request)
    cookie = request.cookies.get(cookie_name(hub, LINK), "")
    try:
        text = hub.secrets.unseal(_SEAL, base64.urlsafe_b64decode(cookie.encode()))
        kept = msgspec.json.decode(text or "", type=_Kept)
    except (ValueError, msgspec.DecodeError):
        return None
    return kept.claims if to_millis(hub.clock()) < kept.until else None
