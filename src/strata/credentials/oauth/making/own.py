"""Applications made, changed and removed by those who answer for them (product §2.2 P16)."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields, Malformed, NotFound
from strata.credentials.oauth import apps, consents, redirects, scopes
from strata.credentials.oauth.apps import App, Origin
from strata.credentials.oauth.tables import oauth_apps, oauth_consents
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.sessions.entering.sudo import require_sudo

LONGEST_NAME: Final = 100
MOST: Final = 50  # applications of one person
SECRET_PREFIX: Final = "oauth_app_secret_"  # noqa: S105 — how one begins
_KNOWN: Final = re.compile(r"[!-~]{1,200}", re.ASCII)
NO_SUCH: Final = "You have no such application."


@dataclass(frozen=True, slots=True)
class Described:
    """An application as its form describes it."""

    name: str
    homepage: str = ""
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    device_flow: bool = False
    refreshes: bool = True  # whether it asked for refresh tokens


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


def create(work: Work, described: Described, *, confidential: bool) -> Made:
    """Make an application that the caller answers for.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: it gets a secret, and the session must show who sits there.
        InvalidFields: the description breaks rules, or there are too many (`oauth.too_many`).
    """
    owner = consents.consenting(work)
    if confidential:
        require_sudo(work)
    _require_sound(described)
    people.locked(work, owner.id)
    if len(apps.of_owner(work, owner.id)) >= MOST:
        raise InvalidFields({"name": ("oauth.too_many",)})
    made = insert(work, described, Birth(Origin.PERSON, owner.id, confidential))
    record(work, "oauth.app_create", target=made.app.name, detail=_detail(made.app))
    return made


def create_by_operator(work: Work, described: Described, birth: Birth) -> Made:
    """Make an application that comes with the hub, such as one that others know already.

    Raises:
        InvalidFields: the description breaks rules.
        Malformed: its known client_id or secret has no shape that clients send.
        Conflict: another application has the client_id.
    """
    _require_sound(described)
    for known in filter(None, (birth.client_id, birth.secret)):
        if not _KNOWN.fullmatch(known):
            raise Malformed("A client_id or secret has 1 to 200 visible ASCII characters.")
    if apps.find(work, birth.client_id) is not None:
        raise Conflict("Another application has this client_id.")
    made = insert(work, described, birth)
    record(work, "oauth.app_create", target=made.app.name, detail=_detail(made.app))
    return made


def remove(work: Work, client_id: str) -> None:
    """Remove an application, as an operator.

    Raises:
        NotFound: there is none.
    """
    app = apps.find(work, client_id)
    if app is None:
        raise NotFound("There is no application with this client_id.")
    _remove(work, app)


def change(work: Work, client_id: str, described: Described) -> App:
    """Describe one of the caller's applications anew; what was given to it stays as it is.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: where its answers go is about to change, and so is who gets them.
        NotFound: the caller has no such application.
        InvalidFields: the description breaks rules.
    """
    app = own(work, client_id)
    _require_sound(described)
    if described.redirect_uris != app.redirect_uris:
        require_sudo(work)
    work.db.execute(
        sa.update(oauth_apps).where(oauth_apps.c.id == app.id).values(**columns_of(described))
    )
    changed = own(work, client_id)
    detail = _detail(app) | changes(_told(app), _told(changed))
    record(work, "oauth.app_update", target=changed.name, detail=detail)
    return changed


def rotate(work: Work, client_id: str) -> Made:
    """Give one of the caller's applications a new secret; the old one ends at once.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: the session must show who sits there.
        NotFound: the caller has no such application, or it has no secret.
    """
    app = own(work, client_id)
    require_sudo(work)
    if not app.confidential:
        raise NotFound(NO_SUCH)
    secret = fresh_secret()
    work.db.execute(
        sa.update(oauth_apps).where(oauth_apps.c.id == app.id).values(**_kept(work, secret))
    )
    record(work, "oauth.app_secret", target=app.name, detail=_detail(app))
    return Made(own(work, client_id), secret)


def delete(work: Work, client_id: str) -> None:
    """Remove one of the caller's applications; everything that people gave it ends at once.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: the caller has no such application.
    """
    _remove(work, own(work, client_id))


def _remove(work: Work, app: App) -> None:
    given = sa.select(oauth_consents.c.id).where(oauth_consents.c.app_id == app.id)
    for row in work.db.execute(given).all():
        consents.end(work, row.id)
    work.db.execute(sa.delete(oauth_apps).where(oauth_apps.c.id == app.id))
    record(work, "oauth.app_delete", target=app.name, detail=_detail(app))


def own(call: Call, client_id: str) -> App:
    """One of the caller's applications.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: the caller has no such application.
    """
    owner = consents.consenting(call)
    app = apps.find(call, client_id)
    if app is None or app.owner_id != owner.id:
        raise NotFound(NO_SUCH)
    return app


def faults(described: Described) -> dict[str, tuple[str, ...]]:
    """What is wrong with a description: message keys by field."""
    found = {
        "name": _name_fault(described.name),
        "homepage": _homepage_fault(described.homepage),
        "redirect_uris": _redirects_fault(described),
        "scopes": "" if described.scopes else "oauth.no_scope",
    }
    return {name: (key,) for name, key in found.items() if key}


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
            **(_kept(work, shown) if shown else {}),
        )
    )
    app = apps.find(work, key)
    if app is None:
        raise LookupError("an application that was just written is not there")
    return Made(app, shown)


def fresh_secret() -> str:
    """A secret of 256 bits."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def _require_sound(described: Described) -> None:
    found = faults(described)
    if found:
        raise InvalidFields(found)


def columns_of(described: Described) -> Mapping[str, Any]:
    """A description as the table keeps it."""
    return {
        "name": described.name.strip(),
        "homepage": described.homepage.strip(),
        "redirect_uris": list(described.redirect_uris),
        "scopes": scopes.joined(described.scopes),
        "device_flow": described.device_flow,
        "refreshes": described.refreshes,
    }


def _kept(call: Call, secret: str) -> dict[str, str]:
    return {"secret_digest": apps.digest_of(call, secret), "secret_suffix": secret[-4:]}


def _told(app: App) -> dict[str, object]:
    """What its owner says of it, as the audit log has it."""
    return {
        "name": app.name,
        "homepage": app.homepage,
        "redirect_uris": list(app.redirect_uris),
        "scopes": list(app.scopes),
        "device_flow": app.device_flow,
    }


def _detail(app: App) -> dict[str, object]:
    return {"client_id": app.client_id}


def _name_fault(name: str) -> str:
    trimmed = name.strip()
    if not trimmed:
        return "full_name.empty"
    if len(trimmed) > LONGEST_NAME:
        return "full_name.too_long"
    return "" if trimmed.isprintable() and not {"<", ">"} & set(trimmed) else "full_name.invalid"


def _homepage_fault(homepage: str) -> str:
    address = homepage.strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "homepage.invalid"
    sound = parts.scheme in ("https", "http") and parts.hostname and address.isprintable()
    return "" if sound and len(address) <= redirects.LONGEST else "homepage.invalid"


def _redirects_fault(described: Described) -> str:
    if len(described.redirect_uris) > redirects.MOST:
        return "oauth.redirect_too_many"
    if not described.redirect_uris and not described.device_flow:
        return "oauth.redirect_missing"
    return next(filter(None, map(redirects.fault, described.redirect_uris)), "")
