"""Applications: found, and made sure to be the one that they say they are."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.core.call import Call, Work
from strata.core.errors import ClientRefused, Malformed
from strata.credentials.oauth.tables import oauth_apps
from strata.lib.db.statements import upsert
from strata.lib.pictures.shelf import SHOWN, address_of

# huggingface_hub ≥ 1.20 has this id built in (constants.py:DEVICE_CODE_OAUTH_CLIENT_ID).
COMMAND_LINE: Final = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"
COMMAND_LINE_NAME: Final = "Hub CLI / Python library"
COMMAND_LINE_SCOPES: Final = (
    "openid profile email read-memberships gated-repos read-repos write-repos manage-repos"
    " read-collections write-collections write-discussions"
)
LONGEST_CLIENT_ID: Final = 200
LOGOS: Final = "/oauth/logos"
NO_DOCUMENTS: Final = (
    "This hub does not read client metadata documents. The application must be registered here, at"
    " /oauth/register or on the settings page of its owner, and use the client_id that it is given."
)
UNKNOWN: Final = "There is no application with this client_id."
NO_APP: Final = "There is no application with this client_id. Go back to it and tell its makers."


class Origin(StrEnum):
    """How an application came to be known."""

    HUB = "hub"  # built in
    PERSON = "person"  # made by its owner on the settings pages, or by an operator
    ITSELF = "itself"  # by dynamic registration: nobody vouches for it
    DOCUMENT = "document"  # by the address of a document about it: only its host vouches for it


@dataclass(frozen=True, slots=True)
class App:
    """One application."""

    id: int
    client_id: str
    owner_id: int | None
    publisher: str  # name of the owner; empty: nobody
    origin: Origin
    name: str
    homepage: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]  # what it may ask for
    secret_digest: str | None = field(repr=False)
    secret_suffix: str
    device_flow: bool
    refreshes: bool  # whether it is given refresh tokens
    picture: str | None  # the upload of its logo, as `lib.pictures.shelf` has it
    created_at: datetime
    read_at: datetime | None  # when the document that its client_id names was read last

    @property
    def vouched_for(self) -> bool:
        """Whether somebody of this site answers for it."""
        return self.origin in (Origin.HUB, Origin.PERSON)

    @property
    def host(self) -> str:
        """The host of the document that its client_id names; empty: it names none."""
        return urlsplit(self.client_id).netloc if self.origin is Origin.DOCUMENT else ""

    @property
    def logo_path(self) -> str:
        """Where its logo is served, below the hub's own address; empty: it has none."""
        return f"{LOGOS}/{address_of(self.picture)}.{SHOWN}" if self.picture else ""

    @property
    def confidential(self) -> bool:
        """Whether it can keep a secret, and has one."""
        return self.secret_digest is not None


@dataclass(frozen=True, slots=True)
class Credentials:
    """How an application says who it is, in a header or in the body."""

    client_id: str = ""
    secret: str = field(default="", repr=False)


def find(call: Call, client_id: str) -> App | None:
    """The application of a client_id."""
    if not client_id or len(client_id) > LONGEST_CLIENT_ID or "\0" in client_id:
        return None
    return _first(call, oauth_apps.c.client_id == client_id)


def everyone(call: Call) -> list[App]:
    """Every application, in the order in which they came."""
    return [_app(row) for row in call.db.execute(_apps().order_by(oauth_apps.c.id))]


def by_id(call: Call, app_id: int) -> App | None:
    """An application by its row; None: it was removed."""
    return _first(call, oauth_apps.c.id == app_id)


def kept(work: Work, app_id: int) -> bool:
    """Whether an application is still there; nobody removes it until this work is done."""
    here = sa.select(oauth_apps.c.id).where(oauth_apps.c.id == app_id)
    return work.db.execute(here.with_for_update(read=True, key_share=True)).first() is not None


def require_there(work: Work, app: App) -> None:
    """Insist that an application is still there, and keep it until this work is done.

    Raises:
        Malformed: somebody has removed it meanwhile.
    """
    if not kept(work, app.id):
        raise Malformed(NO_APP)


def locked(work: Work, app: App) -> None:
    """Have nobody let it in meanwhile."""
    here = sa.select(oauth_apps.c.id).where(oauth_apps.c.id == app.id)
    work.db.execute(here.with_for_update())


def of_owner(call: Call, owner_id: int) -> list[App]:
    """The applications that somebody made, newest first."""
    statement = _apps().where(oauth_apps.c.owner_id == owner_id).order_by(oauth_apps.c.id.desc())
    return [_app(row) for row in call.db.execute(statement)]


def authenticated(call: Call, credentials: Credentials) -> App:
    """The application that these credentials belong to; a public one has only its client_id.

    Raises:
        ClientRefused: it is unknown, or its secret is wrong or missing.
    """
    app = named(call, credentials)
    if app.confidential and not credentials.secret:
        raise ClientRefused("Send the secret of this application as well.")
    return app


def named(call: Call, credentials: Credentials) -> App:
    """As `authenticated`, where a confidential application may leave its secret out.

    Only a code that is bound to the verifier of its own browser may be redeemed so.

    Raises:
        ClientRefused: it is unknown, or the secret that it did send is wrong.
    """
    app = find(call, credentials.client_id)
    if app is None:
        raise ClientRefused(UNKNOWN)
    if app.origin is Origin.DOCUMENT and not call.hub.settings.oauth.client_documents:
        raise ClientRefused(NO_DOCUMENTS)
    if credentials.secret and not _is_secret(call, app, credentials.secret):
        raise ClientRefused("The secret is not the one of this application.")
    return app


def digest_of(call: Call, secret: str) -> str:
    """What is kept of a secret."""
    return call.hub.secrets.digest("oauth.app", secret)


def ensure_command_line(work: Work) -> None:
    """Have the application at hand that the Python library is; its scopes follow this release."""
    fresh = upsert(work.db, oauth_apps).values(
        client_id=COMMAND_LINE,
        origin=Origin.HUB.value,
        name=COMMAND_LINE_NAME,
        redirect_uris=[],
        scopes=COMMAND_LINE_SCOPES,
        device_flow=True,
        created_at=work.now,
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[oauth_apps.c.client_id], set_={"scopes": COMMAND_LINE_SCOPES}
        )
    )


def _is_secret(call: Call, app: App, secret: str) -> bool:
    kept = app.secret_digest
    return kept is not None and hmac.compare_digest(kept, digest_of(call, secret))


def _apps() -> sa.Select[Any]:
    return sa.select(oauth_apps, namespaces.c.name.label("publisher")).outerjoin(
        namespaces, namespaces.c.id == oauth_apps.c.owner_id
    )


def _first(call: Call, condition: sa.ColumnElement[bool]) -> App | None:
    row = call.db.execute(_apps().where(condition)).first()
    return _app(row) if row else None


def _app(row: sa.Row[Any]) -> App:
    return App(
        id=row.id,
        client_id=row.client_id,
        owner_id=row.owner_id,
        publisher=row.publisher or "",
        origin=Origin(row.origin),
        name=row.name,
        homepage=row.homepage,
        redirect_uris=tuple(row.redirect_uris),
        scopes=tuple(row.scopes.split()),
        secret_digest=row.secret_digest,
        secret_suffix=row.secret_suffix,
        device_flow=row.device_flow,
        refreshes=row.refreshes,
        picture=row.picture,
        created_at=row.created_at,
        read_at=row.read_at,
    )
