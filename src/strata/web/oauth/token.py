"""The token door: four kinds of grants, as a form or as JSON (hub-api 03 §5, §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import GrantRefused
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.authorizing import codes
from strata.credentials.oauth.device import polling
from strata.credentials.oauth.tokens import refreshing
from strata.credentials.oauth.tokens.families import Answer
from strata.web import respond
from strata.web.oauth.answers import (
    NO_STORE,
    Fields,
    credentials_of,
    fields_of,
    scopes_of,
    speaking_oauth,
)
from strata.web.oauth.exchange import TOKEN_EXCHANGE, exchanged, look_at_job
from strata.web.work import as_nobody

Told = Mapping[str, Any]
Grant = Callable[[Call, Credentials, Fields], Told]

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"


@speaking_oauth
async def token(request: Request) -> Response:
    """POST /oauth/token"""
    fields = await fields_of(request)
    grant = GRANTS.get(fields.get("grant_type", ""))
    if grant is None:
        offered = ", ".join(GRANTS)
        raise GrantRefused("unsupported_grant_type", f"This hub offers the grant_types {offered}.")
    credentials = credentials_of(request, fields)
    if grant is exchanged:
        await look_at_job(request, fields)
    told = await as_nobody(request, lambda call: grant(call, credentials, fields))
    return respond.json(told, headers=NO_STORE)


def _of_code(call: Call, credentials: Credentials, fields: Fields) -> Told:
    answer, id_token = codes.redeem(
        call,
        codes.Redemption(
            credentials,
            code=needed(fields, "code"),
            redirect_uri=needed(fields, "redirect_uri"),
            verifier=fields.get("code_verifier", ""),
        ),
    )
    return _told(answer, id_token)


def _of_device(call: Call, credentials: Credentials, fields: Fields) -> Told:
    answer, id_token = polling.poll(call, polling.Poll(credentials, needed(fields, "device_code")))
    return _told(answer, id_token)


def _of_refresh(call: Call, credentials: Credentials, fields: Fields) -> Told:
    asked = refreshing.Refresh(credentials, needed(fields, "refresh_token"), scopes_of(fields))
    return _told(refreshing.refresh(call, asked))


def needed(fields: Fields, name: str) -> str:
    """A field that this grant cannot do without.

    Raises:
        GrantRefused: `invalid_request`.
    """
    value = fields.get(name, "")
    if not value:
        raise GrantRefused("invalid_request", f"The field {name} is missing.")
    return value


def _told(answer: Answer, id_token: str = "") -> Told:
    told: dict[str, Any] = {
        "access_token": answer.access_token,
        "token_type": "bearer",
        "expires_in": answer.expires_in_s,
        "scope": " ".join(answer.scopes),
    }
    if answer.refresh_token:
        told["refresh_token"] = answer.refresh_token
    return told | ({"id_token": id_token} if id_token else {})


GRANTS: Final[Mapping[str, Grant]] = MappingProxyType(
    {
        "authorization_code": _of_code,
        "refresh_token": _of_refresh,
        DEVICE_CODE: _of_device,
        TOKEN_EXCHANGE: exchanged,
    }
)
