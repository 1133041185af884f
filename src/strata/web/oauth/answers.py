"""How the OAuth doors read a request and answer it (RFC 6749 §5, RFC 6750 §3)."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import (
    AccountSuspended,
    ClientRefused,
    Forbidden,
    GrantRefused,
    StrataError,
    TooMany,
    Unauthenticated,
)
from strata.credentials.oauth.apps import Credentials
from strata.web import respond
from strata.web.errors import headers_of, status_of
from strata.web.json_body import decoded
from strata.web.work import body_of

Fields = Mapping[str, str]
Handler = Callable[[Request], Awaitable[Response]]

LONGEST_BODY: Final = 64 * 1024  # bytes
MOST_FIELDS: Final = 64
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_BASIC: Final = {"WWW-Authenticate": 'Basic realm="OAuth applications", charset="UTF-8"'}


def speaking_oauth(handler: Handler) -> Handler:
    """Have every failure of a door answered in OAuth's own shape, which its clients read."""

    @functools.wraps(handler)
    async def speaking(request: Request) -> Response:
        try:
            return await handler(request)
        except StrataError as error:
            return failure(error)

    return speaking


def failure(error: StrataError) -> Response:
    """`{"error", "error_description"}` with the status that belongs to it."""
    status = status_of(error, anonymous=False)
    headers = {**headers_of(error, status), **NO_STORE}
    headers.pop("LFS-Authenticate", None)
    reason = _reason(error)
    if isinstance(error, ClientRefused):
        headers |= _BASIC
    elif reason in ("invalid_token", "insufficient_scope"):
        headers["WWW-Authenticate"] = f'Bearer error="{reason}"'
    return respond.json({"error": reason, "error_description": error.message}, status, headers)


def _reason(error: StrataError) -> str:
    match error:
        case GrantRefused(reason=reason):
            return reason
        case Unauthenticated() | AccountSuspended():
            return "invalid_token"
        case Forbidden():
            return "insufficient_scope"
        case TooMany():
            return "slow_down"
        case _:
            return "invalid_request"


async def fields_of(request: Request) -> Fields:
    """The fields of the body, a form or a JSON object; empty ones count as left out.

    Raises:
        GrantRefused: `invalid_request`; another type, or a field that comes twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await body_of(request, LONGEST_BODY)
    if kind == _JSON:
        return _of_json(decoded(body, dict[str, Any]))
    if kind != _FORM:
        raise GrantRefused("invalid_request", f"Send the request as {_FORM} or {_JSON}.")
    return once(_pairs(body.decode("utf-8", "replace")))


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise GrantRefused("invalid_request", "The form has too many fields.") from error


def once(pairs: list[tuple[str, str]]) -> Fields:
    """Fields by name, each of which may come once only (RFC 6749 §3.1)."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise GrantRefused("invalid_request", "A field comes more than once.")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise GrantRefused("invalid_request", "A field holds a character that cannot be kept.")
    return dict(pairs)


def _of_json(body: Mapping[str, Any]) -> Fields:
    return {name: value for name, value in body.items() if isinstance(value, str) and value}


def credentials_of(request: Request, fields: Fields) -> Credentials:
    """How the application says who it is: in the header, or in the body.

    Raises:
        GrantRefused: `invalid_request`; in both.
        ClientRefused: the header cannot be read.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return Credentials(fields.get("client_id", ""), fields.get("client_secret", ""))
    client_id, secret = _basic(value.strip())
    if "client_secret" in fields or fields.get("client_id", client_id) != client_id:
        raise GrantRefused("invalid_request", "Show who the application is in one place only.")
    return Credentials(client_id, secret)


def _basic(value: str) -> tuple[str, str]:
    """Both halves, of which each was written as in a form (RFC 6749 §2.3.1)."""
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ClientRefused("The Authorization header cannot be read.") from error
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def scopes_of(fields: Fields) -> tuple[str, ...] | None:
    """The scopes that a request names; None when it names none."""
    return tuple(fields.get("scope", "").split()) or None


async def json_body(request: Request) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        GrantRefused: `invalid_client_metadata`, as only registrations are read with this.
    """
    body = await body_of(request, LONGEST_BODY)
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GrantRefused("invalid_client_metadata", "Send a JSON object.") from error
    if b"\\u0000" in body:
        raise GrantRefused("invalid_client_metadata", "A field holds U+0000.")
    return found
