"""One token for another (RFC 8693): which kinds of subjects this hub takes, and who looks at them.

A subject comes with its type; whoever understands a type stands in `SUBJECTS` under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from strata.core.call import Call
from strata.core.errors import GrantRefused
from strata.credentials.oauth.apps import Credentials
from strata.repos.publishers.exchange import LIFE, Shown, exchange
from strata.web.oauth.answers import Fields

Subject = Callable[[Call, Credentials, Fields], Mapping[str, Any]]

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 — a name
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 — a name
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 — a name
USER_EMAIL: Final = "urn:huggingface:token-type:user-email"
NO_IMPERSONATION: Final = (
    "No application of this hub may act for a person by their address alone. Let the person log in"
    " with grant_type=authorization_code or a device code."
)


def exchanged(call: Call, credentials: Credentials, fields: Fields) -> Mapping[str, Any]:
    """What a subject is exchanged for.

    Raises:
        GrantRefused: `invalid_request`, nobody understands its type; or what its reader says.
    """
    subject = SUBJECTS.get(fields.get("subject_token_type", ""))
    if subject is None:
        raise GrantRefused("invalid_request", "This subject_token_type is not taken here.")
    return subject(call, credentials, fields)


def _for_a_person(_call: Call, _credentials: Credentials, _fields: Fields) -> Mapping[str, Any]:
    raise GrantRefused("unauthorized_client", NO_IMPERSONATION)


def _for_a_job(call: Call, _credentials: Credentials, fields: Fields) -> Mapping[str, Any]:
    """A job of a CI service, by its ID token (hub-api 03 §6)."""
    base = call.hub.settings.public_url.rstrip("/") or call.origin.base_url
    shown = Shown(fields.get("subject_token", ""), fields.get("resource", "").strip("/"), base)
    given = exchange(call, shown)
    return {
        "access_token": given.value,
        "token_type": "bearer",
        "expires_in": int(LIFE.total_seconds()),
        "issued_token_type": ACCESS_TOKEN,
    }


SUBJECTS: Final[Mapping[str, Subject]] = MappingProxyType(
    {USER_EMAIL: _for_a_person, ID_TOKEN: _for_a_job}
)
