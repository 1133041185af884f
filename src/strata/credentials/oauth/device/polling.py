"""The program asks again and again whether it is let in; not too often (RFC 8628 §3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.core.errors import ClientRefused, GrantRefused
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.device.user_codes import State
from strata.credentials.oauth.openid import claims
from strata.credentials.oauth.tables import oauth_devices
from strata.credentials.oauth.tokens import families

SLOWER_BY_S: Final = 5
LONGEST: Final = 128
_REASONS: Final = {
    "authorization_pending": "Nobody has decided yet.",
    "slow_down": "Wait 5 seconds longer between two questions.",
    "expired_token": "This code is no longer valid. Begin again.",
    "access_denied": "The person said no.",
    "invalid_grant": "This device code is unknown or was used already.",
}


@dataclass(frozen=True, slots=True)
class Poll:
    """A program's question whether it is let in by now."""

    credentials: apps.Credentials
    device_code: str = field(repr=False)


def poll(call: Call, asked: Poll) -> tuple[families.Answer, str]:
    """The tokens of a program that was let in, and its `id_token`.

    Raises:
        ClientRefused: the application is not the one that it says it is.
        GrantRefused: `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, or
            `invalid_grant` for a code that is unknown, of another application, or used.
    """
    app = apps.authenticated(call, asked.credentials)
    with working(call) as work:
        row = _polled(work, app, asked.device_code)
        reason = _refusal(work, row)
        if row is not None and not reason:
            return _give(work, app, row)
        if row is not None:
            _note_poll(work, row, slower=reason == "slow_down")
    raise GrantRefused(reason, _REASONS[reason])


def _polled(work: Work, app: App, device_code: str) -> sa.Row[Any] | None:
    if not device_code or len(device_code) > LONGEST:
        return None
    digest = work.hub.secrets.digest("oauth.device", device_code)
    here = sa.and_(oauth_devices.c.digest == digest, oauth_devices.c.app_id == app.id)
    decided = sa.select(oauth_devices.c.consent_id).where(here)
    whoever = work.db.scalar(decided)
    consents.hold_person(work, decided)
    row = work.db.execute(sa.select(oauth_devices).where(here).with_for_update()).first()
    if row is not None and row.consent_id != whoever:  # they said yes in between, and are not held
        raise GrantRefused("authorization_pending", _REASONS["authorization_pending"])
    return row


def _refusal(work: Work, row: sa.Row[Any] | None) -> str:
    """Why a program gets nothing yet, or at all; empty: it gets its tokens."""
    if row is None or row.state == State.USED.value:
        return "invalid_grant"
    if row.expires_at <= work.now:
        return "expired_token"
    if row.state == State.DENIED.value:
        return "access_denied"
    if row.polled_at is not None and work.now < row.polled_at + timedelta(seconds=row.interval_s):
        return "slow_down"
    return "" if row.state == State.ALLOWED.value else "authorization_pending"


def _note_poll(work: Work, row: sa.Row[Any], *, slower: bool) -> None:
    interval_s = row.interval_s + (SLOWER_BY_S if slower else 0)
    work.db.execute(
        sa.update(oauth_devices)
        .where(oauth_devices.c.id == row.id)
        .values(polled_at=work.now, interval_s=interval_s)
    )


def _give(work: Work, app: App, row: sa.Row[Any]) -> tuple[families.Answer, str]:
    consent = consents.by_key(work, row.consent_id)
    if consent is None:
        raise ClientRefused(apps.UNKNOWN)
    families.require_open_account(work, consent.user_id)
    work.db.execute(
        sa.update(oauth_devices).where(oauth_devices.c.id == row.id).values(state=State.USED.value)
    )
    answer = families.begin(
        work,
        families.Asked(
            app=app,
            consent=consent,
            scopes=tuple(row.scopes.split()),
            organizations=tuple(row.organizations),
            lifetime=families.DEVICE_LIFE,
        ),
    )
    entered = claims.Entered(at=row.entered_at)
    return answer, claims.id_token(work, answer, entered)
