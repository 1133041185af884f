"""The URLs of the OAuth and OpenID Connect provider that programs ask for."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.credentials.oauth import scopes
from strata.credentials.oauth.device import starting
from strata.credentials.oauth.making import registration
from strata.credentials.oauth.making.keeping import Made
from strata.credentials.oauth.openid import claims, keys
from strata.credentials.oauth.tokens import ending
from strata.web import respond
from strata.web.oauth.answers import (
    NO_STORE,
    credentials_of,
    fields_of,
    json_body,
    speaking_oauth,
)
from strata.web.oauth.backchannel import log_out
from strata.web.oauth.registering import answered, wish_of
from strata.web.oauth.token import GRANTS, needed, token
from strata.web.paths import Route
from strata.web.work import as_nobody, exchange, hub_of, read

BRIEFLY: Final = {"Cache-Control": "public, max-age=300"}


@speaking_oauth
async def start_device(request: Request) -> Response:
    """POST /oauth/device"""
    fields = await fields_of(request)
    credentials = credentials_of(request, fields)
    asked = fields.get("scope", "")
    codes = await as_nobody(request, lambda call: starting.start(call, credentials, asked))
    page = f"{issuer_of(request)}/device"
    told = {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={codes.user_code}",
        "expires_in": codes.expires_in_s,
        "interval": codes.interval_s,
    }
    return respond.json(told, headers=NO_STORE)


@speaking_oauth
async def userinfo(request: Request) -> Response:
    """GET /oauth/userinfo"""
    return respond.json(await read(request, claims.userinfo), headers=NO_STORE)


@speaking_oauth
async def revoke(request: Request) -> Response:
    """POST /oauth/revoke"""
    fields = await fields_of(request)
    credentials, value = credentials_of(request, fields), needed(fields, "token")
    await as_nobody(request, lambda call: ending.revoke(call, credentials, value))
    return respond.json({}, headers=NO_STORE)


@speaking_oauth
async def register(request: Request) -> Response:
    """POST /oauth/register"""
    wish = wish_of(await json_body(request))

    def act(call: Call) -> Made:
        with working(call) as work:
            return registration.register(work, wish)

    made = await as_nobody(request, act)
    return respond.json(answered(made, wish), 201, NO_STORE)


async def jwks(request: Request) -> Response:
    """GET /oauth/jwks"""
    return respond.json({"keys": await as_nobody(request, keys.published)}, headers=BRIEFLY)


async def discovery(request: Request) -> Response:
    """GET /.well-known/openid-configuration"""
    return respond.json(_about(request), headers=BRIEFLY)


def issuer_of(request: Request) -> str:
    """Who this hub is to applications."""
    return hub_of(request).settings.public_url.rstrip("/") or exchange(request).origin.base_url


def _about(request: Request) -> dict[str, Any]:
    issuer = issuer_of(request)
    ways = ["none", "client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "registration_endpoint": f"{issuer}/oauth/register",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
        "scopes_supported": list(scopes.OFFERED),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHM],
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_methods_supported": ways,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "preferred_username",
            "profile", "picture", "website", "email", "email_verified",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": hub_of(request).settings.oauth.client_documents,
    }  # fmt: skip


_CONFIGURATION: Final = "/.well-known/openid-configuration"
_SERVER: Final = "/.well-known/oauth-authorization-server"
_PROGRAMS: Final = "applications"

ROUTES: Final = (
    Route(
        ("POST",), "/oauth/token", token, "huggingface_hub ≥ 1.20, @huggingface/hub, applications"
    ),
    Route(("POST",), "/oauth/device", start_device, "huggingface_hub ≥ 1.20: login()"),
    Route(("GET", "POST"), "/oauth/userinfo", userinfo, "@huggingface/hub, applications"),
    Route(("POST",), "/oauth/revoke", revoke, _PROGRAMS),
    Route(("POST",), "/oauth/register", register, _PROGRAMS),
    Route(("POST",), "/logout/backchannel/{provider}", log_out, "sites that people log in with"),
    Route(("GET",), "/oauth/jwks", jwks, "huggingface_hub, applications"),
    Route(("GET",), _CONFIGURATION, discovery, "huggingface_hub, @huggingface/hub, applications"),
    Route(("GET",), _SERVER, discovery, _PROGRAMS),
)
