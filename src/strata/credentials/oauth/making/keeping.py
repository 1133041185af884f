"""Applications as they are written down and removed, whoever answers for them."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.apps import App, Origin
from strata.credentials.oauth.making import shelf
from strata.credentials.oauth.making.description import Described, columns_of
from strata.credentials.oauth.tables import oauth_apps, oauth_consents
from strata.events.facts import Whose, record

SECRET_PREFIX: Final = "oauth_app_secret_"  # noqa: S105 — how one begins


@dataclass(frozen=True, slots=True)
class Made:
    """An application and its new secret, which is seen here and never again."""

    app: App
    secret: str = field(repr=False)  # empty: a public application


@dataclass(frozen=True, slots=True)
class Birth:
    """How an application comes to be."""

    origin: Origin
    owner_id: int | None
    confidential: bool
    client_id: str = ""  # empty: a fresh one
    secret: str = field(default="", repr=False)  # of a confidential one; empty: a fresh one


def insert(work: Work, described: Described, birth: Birth) -> Made:
    """Write an application down that is described without faults."""
    key = birth.client_id or str(uuid.uuid4())
    shown = (birth.secret or fresh_secret()) if birth.confidential else ""
    work.db.execute(
        sa.insert(oauth_apps).values(
            client_id=key,
            owner_id=birth.owner_id,
            origin=birth.origin.value,
            created_at=work.now,
            **columns_of(described),
            **(kept(work, shown) if shown else {}),
        )
    )
    app = apps.find(work, key)
    if app is None:
        raise LookupError("an application that was just written is not there")
    return Made(app, shown)


def fresh_secret() -> str:
    """A secret of 256 bits."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def kept(call: Call, secret: str) -> dict[str, str]:
    """A secret as the table keeps it."""
    return {"secret_digest": apps.digest_of(call, secret), "secret_suffix": secret[-4:]}


def end(work: Work, app: App) -> None:
    """Remove an application; everything that people gave it ends at once.

    Raises:
        NotFound: somebody else was faster.
    """
    for consent_id in _held(work, app):
        consents.end(work, consent_id)
    shelf.forget(work, app)
    if not work.db.execute(sa.delete(oauth_apps).where(oauth_apps.c.id == app.id)).rowcount:
        raise NotFound(apps.UNKNOWN)
    whose = Whose(subject_id=app.owner_id)
    record(work, "oauth.app_delete", target=app.name, detail=named(app), whose=whose)


def end_log_ins(work: Work, app: App) -> None:
    """Have everybody log in again whom the application knows; what they agreed to stays."""
    for consent_id in _held(work, app):
        consents.end_log_ins(work, consent_id)


def _held(work: Work, app: App) -> list[int]:
    """The consents to an application, while nobody gives it anything."""
    given = sa.select(oauth_consents.c.id, oauth_consents.c.user_id).where(
        oauth_consents.c.app_id == app.id
    )
    theirs = {row.user_id for row in work.db.execute(given)}
    for user_id in sorted(theirs | ({app.owner_id} if app.owner_id else set())):
        people.locked(work, user_id)  # before what they gave away, as everybody who touches that
    apps.locked(work, app)
    return [row.id for row in work.db.execute(given)]


def named(app: App) -> dict[str, object]:
    """What facts about an application name it by."""
    return {"client_id": app.client_id}


def told(app: App) -> dict[str, object]:
    """What whoever answers for it says of it, as the audit log has it."""
    return {
        "name": app.name,
        "homepage": app.homepage,
        "redirect_uris": list(app.redirect_uris),
        "scopes": list(app.scopes),
        "device_flow": app.device_flow,
        "confidential": app.confidential,
    }
