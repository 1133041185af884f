"""The person at the page: they type the code, see what asks, and say yes or no (RFC 8628 §3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.core.call import Call, Work, working
from strata.core.errors import NotFound
from strata.credentials.oauth import apps, consents, letters
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.device import user_codes
from strata.credentials.oauth.device.user_codes import State
from strata.credentials.oauth.tables import oauth_devices
from strata.events import outbox
from strata.events.facts import record

NOT_WAITING: Final = "This code is wrong, was used already, or is no longer valid."


@dataclass(frozen=True, slots=True)
class Device:
    """A program that waits, as the page shows it."""

    id: int
    app: App
    scopes: tuple[str, ...]
    ip: str
    user_agent: str
    created_at: datetime


def found(call: Call, typed: str) -> Device:
    """The program that shows this code; a wrong code is counted.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: nothing waits under this code.
        TooMany: too many wrong codes, from this address or by this person.
    """
    consents.consenting(call)
    tried = _count(call)
    device = _waiting(call, typed)
    if device is None:
        raise NotFound(NOT_WAITING)
    with working(call) as work:
        for key in _keys(call):
            limits.refund(work, key, counted_at=tried)
    return device


def allow(call: Call, typed: str, organizations: Iterable[str]) -> Device:
    """Let the program in.

    Args:
        organizations: public ids of those that it may enter too.

    Raises:
        the same as `found`.
    """
    device = found(call, typed)
    with working(call) as work:
        user = consents.consenting(work)
        places = consents.chosen(work, organizations)
        consent = consents.agree(work, device.app, user.id, device.scopes, places)
        _settle(
            work,
            device,
            state=State.ALLOWED.value,
            consent_id=consent.id,
            organizations=list(places),
            entered_at=work.now,
        )
        _tell(work, user, device)
    return device


def deny(call: Call, typed: str) -> Device:
    """Turn the program away.

    Raises:
        the same as `found`.
    """
    device = found(call, typed)
    with working(call) as work:
        consents.consenting(work)
        _settle(work, device, state=State.DENIED.value)
        record(work, "oauth.deny", target=device.app.name, detail=_detail(device))
    return device


def _keys(call: Call) -> tuple[str, str]:
    """Under which keys wrong codes are counted."""
    address = limits.address_of(call.origin.ip)
    return f"oauth.code:{address}", f"oauth.code.person:{call.actor.user_id}"


def _count(call: Call) -> datetime:
    """Count this try before it is looked at, so that many at once count too."""
    chosen = call.hub.settings.entering
    most, minutes = chosen.device_tries, chosen.device_minutes
    with working(call) as work:
        limits.count(work, *(limits.Limit(key, most, minutes) for key in _keys(call)))
        return work.now


def _waiting(call: Call, typed: str) -> Device | None:
    row = call.db.execute(
        sa.select(oauth_devices).where(
            oauth_devices.c.user_code_digest == user_codes.digest_of(call, user_codes.read(typed)),
            oauth_devices.c.state == State.WAITING.value,
            oauth_devices.c.expires_at > call.now,
        )
    ).first()
    app = None if row is None else apps.by_id(call, row.app_id)
    if row is None or app is None:
        return None
    return Device(row.id, app, tuple(row.scopes.split()), row.ip, row.user_agent, row.created_at)


def _settle(work: Work, device: Device, **decided: object) -> None:
    """Write a decision down; the first one counts."""
    still = (
        oauth_devices.c.id == device.id,
        oauth_devices.c.state == State.WAITING.value,
        oauth_devices.c.expires_at > work.now,
    )
    statement = sa.update(oauth_devices).where(*still).values(**decided)
    if work.db.execute(statement.returning(oauth_devices.c.id)).first() is None:
        raise NotFound(NOT_WAITING)


def _tell(work: Work, user: people.User, device: Device) -> None:
    record(work, "oauth.device_approve", target=device.app.name, detail=_detail(device))
    seen = {"app_name": device.app.name, "ip": device.ip, "client": device.user_agent}
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.device_allowed(work, reader, **seen))


def _detail(device: Device) -> dict[str, object]:
    return {"client_id": device.app.client_id, "device_ip": device.ip}
