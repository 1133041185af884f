"""The logo of an application: decoded apart, and kept as small squares."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from strata.accounts.profile.soundness import sweep_unshown
from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.credentials.oauth import apps
from strata.credentials.oauth.making import own
from strata.credentials.oauth.making.shelf import FOLDER, shelf
from strata.credentials.oauth.tables import oauth_apps
from strata.events.facts import record
from strata.lib.pictures.shelf import address_of
from strata.lib.pictures.squares import PictureRefused, squares_of

# "<client_id>-<hash of the squares>.<size>.<kind>": what stands under a name never changes.
FILE: Final = re.compile(r"([0-9a-f-]{36})-[0-9a-f]{32}\.(?:512|256|64)\.(?:webp|png)")
# "<32 random hex>.<size>.<kind>": of logos that were kept before their names said their content.
_EARLIER: Final = re.compile(r"[0-9a-f]{32}\.(?:512|256|64)\.(?:webp|png)")


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
    with shelf(call.hub).kept(client_id, squares) as upload:
        before = _point_to(call, client_id, upload)
    if before:
        shelf(call.hub).drop(before)


def remove(call: Call, client_id: str) -> None:
    """Go back to the picture that is drawn from the name.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, NotFound: as `change`.
    """
    before = _point_to(call, client_id, None)
    if before:
        shelf(call.hub).drop(before)


def square_of(call: Call, file: str) -> bytes | None:
    """The bytes of a file that `App.logo_path` named, while the application shows it."""
    address, _, name = file.partition(".")
    if _EARLIER.fullmatch(file):
        return shelf(call.hub).read(address, name)
    named = FILE.fullmatch(file)
    app = apps.find(call, named[1]) if named else None
    if app is None or app.picture is None or address_of(app.picture) != address:
        return None
    return shelf(call.hub).read(app.picture, name)


def sweep(call: Call, *, delete: bool) -> int:
    """Count the files of logos that no application has any more, and remove them if asked to."""
    return sweep_unshown(call, FOLDER, oauth_apps.c.picture, delete=delete)


def _point_to(call: Call, client_id: str, upload: str | None) -> str | None:
    """Show an application with an upload; returns the one before, which nothing names any more."""
    with working(call) as work:
        apps.locked(work, own.own(work, client_id))
        app = own.own(work, client_id)  # of two at once the second drops what the first one kept
        pointing = sa.update(oauth_apps).where(oauth_apps.c.id == app.id)
        work.db.execute(pointing.values(picture=upload))
        detail = {"client_id": app.client_id, "logo": "removed" if upload is None else "changed"}
        record(work, "oauth.app_update", target=app.name, detail=detail)
    return app.picture
