"""The JSON of dynamic registration (RFC 7591 §2, §3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strata.core.errors import GrantRefused
from strata.credentials.oauth.making.keeping import Made
from strata.credentials.oauth.making.registration import Wish

Body = Mapping[str, Any]


def wish_of(body: Body) -> Wish:
    """Read what an application says of itself; fields that this hub does not know are ignored.

    Raises:
        GrantRefused: `invalid_client_metadata`; a field has another type.
    """
    addresses = _texts(body, "redirect_uris")
    responses = _texts(body, "response_types") or ("code",)
    if responses != ("code",):
        raise GrantRefused("invalid_client_metadata", "The only response_type here is code.")
    return Wish(
        name=_text(body, "client_name") or "(unnamed)",
        homepage=_text(body, "client_uri"),
        redirect_uris=addresses,
        scope=_text(body, "scope"),
        grants=_texts(body, "grant_types") or ("authorization_code",),
        method=_text(body, "token_endpoint_auth_method") or "client_secret_basic",
    )


def answered(made: Made, wish: Wish) -> dict[str, Any]:
    """What the application is told of itself, with its secret if it has one."""
    app = made.app
    told: dict[str, Any] = {
        "client_id": app.client_id,
        "client_id_issued_at": int(app.created_at.timestamp()),
        "client_name": app.name,
        "redirect_uris": list(app.redirect_uris),
        "grant_types": list(wish.grants),
        "response_types": ["code"],
        "token_endpoint_auth_method": wish.method,
        "scope": " ".join(app.scopes),
    }
    if app.homepage:
        told["client_uri"] = app.homepage
    if made.secret:
        told |= {"client_secret": made.secret, "client_secret_expires_at": 0}
    return told


def _text(body: Body, name: str) -> str:
    value = "" if body.get(name) is None else body[name]
    if not isinstance(value, str):
        raise GrantRefused("invalid_client_metadata", f"The field {name} must be a text.")
    return value


def _texts(body: Body, name: str) -> tuple[str, ...]:
    values = [] if body.get(name) is None else body[name]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise GrantRefused("invalid_client_metadata", f"The field {name} must be a list of texts.")
    return tuple(values)
