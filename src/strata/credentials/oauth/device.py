"""Log in a program that has no browser of its own (RFC 8628, product §3.11).

The program shows a short code; its person types it on a page, sees what asks, and says yes or no.
Until then the program asks again and again, and is told to slow down when it asks too often.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.core.call import Call, Work, working
from strata.core.errors import ClientRefused, GrantRefused, NotFound
from strata.credentials.oauth import apps, claims, consents, families, letters, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.tables import oauth_devices
from strata.events import outbox
from strata.events.facts import record

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that looks like another
HALF: Final = 4
LIFE: Final = timedelta(minutes=15)
INTERVAL_S: Final = 5
SLOWER_BY_S: Final = 5
WRONG_CODES, WRONG_MINUTES = 10, 15
STARTS_PER_HOUR: Final = 120  # of one address
LONGEST: Final = 128
USER_AGENT_LENGTH: Final = 512
NO_DEVICE_FLOW: Final = "This application does not log in with device codes."
NOT_WAITING: Final = "This code is wrong, was used already, or is no longer valid."


class State(StrEnum):
    """What became of a code."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    DENIED = "denied"
    USED = "used"  # its tokens were fetched


@dataclass(frozen=True, slots=True)
class Codes:
    """What a program is given to begin with."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)  # "ABCD-EFGH"
    expires_in_s: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class Device:
    """A program that waits, as the page shows it."""

    id: int
    app: App
    scopes: tuple[str, ...]
    ip: str
    user_agent: str
    created_at: datetime


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
        address = limits.address_of(work.origin.ip)
        limits.count(work, limits.Limit(f"oauth.device:{address}", STARTS_PER_HOUR, 60))
        return _begin(work, app, wanted)


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


_REASONS: Final = {
    "authorization_pending": "Nobody has decided yet.",
    "slow_down": "Wait 5 seconds longer between two questions.",
    "expired_token": "This code is no longer valid. Begin again.",
    "access_denied": "The person said no.",
    "invalid_grant": "This device code is unknown or was used already.",
}


def forget_over(work: Work) -> None:
    """Remove codes that ended a day ago."""
    ended = oauth_devices.c.expires_at <= work.now - timedelta(days=1)
    work.db.execute(sa.delete(oauth_devices).where(ended))


def written(code: str) -> str:
    """A code as it is shown: in two halves."""
    return f"{code[:HALF]}-{code[HALF:]}"


def read(typed: str) -> str:
    """A code as it was typed: in either case, with or without the dash, with stray spaces."""
    return "".join(letter for letter in typed[:64].upper() if letter in ALPHABET)


def _begin(work: Work, app: App, wanted: tuple[str, ...]) -> Codes:
    device_code = secrets.token_urlsafe(32)
    user_code = "".join(secrets.choice(ALPHABET) for _ in range(2 * HALF))
    work.db.execute(
        sa.insert(oauth_devices).values(
            digest=work.hub.secrets.digest("oauth.device", device_code),
            user_code_digest=_user_code_digest(work, user_code),
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
    return Codes(device_code, written(user_code), int(LIFE.total_seconds()), INTERVAL_S)


def _user_code_digest(call: Call, code: str) -> str:
    return call.hub.secrets.digest("oauth.user_code", code)


def _keys(call: Call) -> tuple[str, str]:
    """Under which keys wrong codes are counted."""
    address = limits.address_of(call.origin.ip)
    return f"oauth.code:{address}", f"oauth.code.person:{call.actor.user_id}"


def _count(call: Call) -> datetime:
    """Count this try before it is looked at, so that many at once count too."""
    with working(call) as work:
        limits.count(work, *(limits.Limit(key, WRONG_CODES, WRONG_MINUTES) for key in _keys(call)))
        return work.now


def _waiting(call: Call, typed: str) -> Device | None:
    row = call.db.execute(
        sa.select(oauth_devices).where(
            oauth_devices.c.user_code_digest == _user_code_digest(call, read(typed)),
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


def _polled(work: Work, app: App, device_code: str) -> sa.Row[Any] | None:
    if not device_code or len(device_code) > LONGEST:
        return None
    digest = work.hub.secrets.digest("oauth.device", device_code)
    statement = sa.select(oauth_devices).where(
        oauth_devices.c.digest == digest, oauth_devices.c.app_id == app.id
    )
    return work.db.execute(statement.with_for_update()).first()


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
