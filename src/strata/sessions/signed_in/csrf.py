"""Proof that a form was made by one of our pages.

With a session the proof is derived from the mark of the session, which stays when its cookie is
renewed, so that forms in other tabs stay good. Without one (log-in, sign-up) a
signed random cookie stands in for it: a stranger can neither read it nor make one.
"""

from __future__ import annotations

import hmac
import secrets

from strata.core.hub import Hub

_NONCE_LENGTH = 43
_MARK_LENGTH = 64


def token_for(hub: Hub, owner: str) -> str:
    """What the forms of a session mark, or of a form cookie, carry in a hidden field."""
    return hub.secrets.digest("csrf", owner)


def is_genuine(hub: Hub, owner: str, given: str) -> bool:
    """Whether a form's value belongs to the session mark or the form cookie."""
    return hmac.compare_digest(token_for(hub, owner).encode(), given.encode())


def fresh_form_cookie(hub: Hub) -> str:
    """A cookie for visitors without a session; give it out with the page that has the form."""
    nonce = secrets.token_urlsafe(32)
    return f"{nonce}.{_mark(hub, nonce)}"


def is_form_cookie(hub: Hub, cookie: str) -> bool:
    """Whether we made this cookie; ask before `is_genuine`, a neighbouring site may have set it."""
    nonce, _, mark = cookie.partition(".")
    well_shaped = len(nonce) == _NONCE_LENGTH and len(mark) == _MARK_LENGTH and cookie.isascii()
    return well_shaped and hmac.compare_digest(mark, _mark(hub, nonce))


def _mark(hub: Hub, nonce: str) -> str:
    return hub.secrets.digest("csrf.form", nonce)
