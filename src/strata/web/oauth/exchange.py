"""One token for another (RFC 8693): which kinds of subjects this hub takes, and who looks at them.

A subject comes with its type; whoever understands a type stands in `SUBJECTS` under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request

from strata.core.call import Call, Origin
from strata.core.errors import GrantRefused
from strata.core.hub import Hub
from strata.credentials.oauth.apps import Credentials
from strata.repos.publishers import exchange as publishers
from strata.web.charging import at_address
from strata.web.oauth.answers import Fields
from strata.web.work import exchange

Subject = Callable[[Call, Credentials, Fields], Mapping[str, Any]]

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 — a name
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 — a name
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 — a name
USER_EMAIL: Final = "urn:huggingface:token-type:user-email"
NO_IMPERSONATION: Final = (
    "No application of this hub may act for a person by their address alone. Let the person log in"
    " with grant_type=authorization_code or a device code."
)


async def look_at_job(request: Request, fields: Fields) -> None:
    """Have the keys of a job's issuer, for which we may have to wait for another site.

    Nobody else waits with it: it takes no connection, and none of the threads that answer requests.

    Raises:
        GrantRefused: the job's ID token does not hold.
        TooMany: the caller has used up the quota.
    """
    if fields.get("subject_token_type") == ID_TOKEN:
        facts = exchange(request)
        facts.charge(at_address(facts.origin.ip))
        shown = _shown(facts.hub, facts.origin, fields)
        await anyio.to_thread.run_sync(publishers.checked, facts.hub, shown)


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
    given = publishers.exchange(call, _shown(call.hub, call.origin, fields))
    return {
        "access_token": given.value,
        "token_type": "bearer",
        "expires_in": int(publishers.LIFE.total_seconds()),
        "issued_token_type": ACCESS_TOKEN,
    }


def _shown(hub: Hub, origin: Origin, fields: Fields) -> publishers.Shown:
    base = hub.settings.public_url.rstrip("/") or origin.base_url
    resource = fields.get("resource", "").strip("/")
    return publishers.Shown(fields.get("subject_token", ""), resource, base)


SUBJECTS: Final[Mapping[str, Subject]] = MappingProxyType(
    {USER_EMAIL: _for_a_person, ID_TOKEN: _for_a_job}
)
