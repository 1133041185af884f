"""The logo of an application: decoded apart, and kept as small squares."""

from __future__ import annotations

import re
import secrets
from typing import Final

import sqlalchemy as sa

from strata.accounts.profile.soundness import sweep_unshown
from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.credentials.oauth.making import own
from strata.credentials.oauth.tables import oauth_apps
from strata.events.facts import record
from strata.lib.objects.store import ObjectMissing
from strata.lib.pictures.squares import PictureRefused, squares_of
from strata.lib.pictures.worker import NAMES

# "<32 hex of this upload>.<size>.<kind>": what stands under a name never changes.
FILE: Final = re.compile(r"([0-9a-f]{32})\.(?:512|256|64)\.(?:webp|png)")
FOLDER: Final = "logos"  # of the object store


def change(call: Call, client_id: str, content: bytes) -> None:
    """Give one of the caller's applications a logo; people see it when they decide.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: the caller has no such application.
        InvalidFields: the picture cannot be used, with the reason.
    """
    own.own(call, client_id)  # before any work for a stranger
    try:
        squares = squares_of(content)
    except PictureRefused as refused:
        raise InvalidFields({"logo": (f"picture.{refused.problem}",)}) from refused
    stem = secrets.token_hex(16)
    for name, square in squares.items():
        call.hub.objects.put(_key(f"{stem}.{name}"), square)
    _point_to(call, client_id, stem)


def remove(call: Call, client_id: str) -> None:
    """Go back to the picture that is drawn from the name.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, NotFound: as `change`.
    """
    _point_to(call, client_id, None)


def square_of(hub: Hub, file: str) -> bytes | None:
    """The bytes of a file that `App.logo_path` named."""
    try:
        return hub.objects.read(_key(file)) if FILE.fullmatch(file) else None
    except ObjectMissing:
        return None


def sweep(call: Call, *, delete: bool) -> int:
    """Count the files of logos that no application has any more, and remove them if asked to."""
    return sweep_unshown(call, FOLDER, oauth_apps.c.picture, delete=delete)


def _point_to(call: Call, client_id: str, stem: str | None) -> None:
    with working(call) as work:
        app = own.own(work, client_id)
        pointing = sa.update(oauth_apps).where(oauth_apps.c.id == app.id)
        work.db.execute(pointing.values(picture=stem))
        detail = {"client_id": app.client_id, "logo": "removed" if stem is None else "changed"}
        record(work, "oauth.app_update", target=app.name, detail=detail)
    for name in NAMES if app.picture else ():
        call.hub.objects.delete(_key(f"{app.picture}.{name}"))


def _key(file: str) -> str:
    return f"{FOLDER}/{file[:2]}/{file}"
