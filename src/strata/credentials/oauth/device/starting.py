"""A program without a browser begins to log in, and gets codes (RFC 8628 §3.1, product §3.11)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import limits
from strata.core.call import Call, Work, working
from strata.core.errors import ClientRefused, GrantRefused
from strata.credentials.oauth import apps, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.device import user_codes
from strata.credentials.oauth.device.user_codes import State
from strata.credentials.oauth.tables import oauth_devices

LIFE: Final = timedelta(minutes=15)
INTERVAL_S: Final = 5
STARTS_PER_HOUR: Final = 120  # of one address
USER_AGENT_LENGTH: Final = 512
NO_DEVICE_FLOW: Final = "This application does not log in with device user_codes."


@dataclass(frozen=True, slots=True)
class Codes:
    """What a program is given to begin with."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)  # "ABCD-EFGH"
    expires_in_s: int
    interval_s: int


def start(call: Call, credentials: apps.Credentials, asked: str) -> Codes:
    """Begin the log-in of a program.

    Args:
        asked: scopes, separated by spaces; empty: all that the application may have.

    Raises:
        ClientRefused: the application is unknown, or not the one that it says it is.
        GrantRefused: it does not log in this way, or asks for what it may not have.
        TooMany: too many programs begin at this address.
    """
    if credentials.client_id == apps.COMMAND_LINE:
        with working(call) as work:
            apps.ensure_command_line(work)
    app = apps.authenticated(call, credentials)
    if not app.device_flow:
        raise GrantRefused("unauthorized_client", NO_DEVICE_FLOW)
    wanted = scopes.parsed(asked) or app.scopes
    scopes.within(wanted, app.scopes)
    with working(call) as work:
        if not apps.kept(work, app.id):
            raise ClientRefused(apps.UNKNOWN)
        address = limits.address_of(work.origin.ip)
        limits.count(work, limits.Limit(f"oauth.device:{address}", STARTS_PER_HOUR, 60))
        return _begin(work, app, wanted)


def _begin(work: Work, app: App, wanted: tuple[str, ...]) -> Codes:
    device_code = secrets.token_urlsafe(32)
    user_code = user_codes.fresh()
    work.db.execute(
        sa.insert(oauth_devices).values(
            digest=work.hub.secrets.digest("oauth.device", device_code),
            user_code_digest=user_codes.digest_of(work, user_code),
            app_id=app.id,
            scopes=scopes.joined(wanted),
            ip=work.origin.ip,
            user_agent=work.origin.user_agent[:USER_AGENT_LENGTH],
            state=State.WAITING.value,
            organizations=[],
            interval_s=INTERVAL_S,
            created_at=work.now,
            expires_at=work.now + LIFE,
        )
    )
    return Codes(device_code, user_codes.written(user_code), int(LIFE.total_seconds()), INTERVAL_S)
