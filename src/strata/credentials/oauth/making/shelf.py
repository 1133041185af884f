"""Where the squares of logos are, and how those of an application that goes are taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.core.hub import Hub
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.tables import oauth_apps
from strata.events.jobs import enqueue
from strata.lib.pictures.shelf import Shelf

FOLDER: Final = "logos"  # of the object store


def shelf(hub: Hub) -> Shelf:
    """Where the squares of logos are."""
    return Shelf(hub.objects, FOLDER)


def forget(work: Work, app: App) -> None:
    """Have the logo of a locked application that goes taken away, once its going is committed."""
    held = sa.select(oauth_apps.c.picture).where(oauth_apps.c.id == app.id)
    upload = work.db.scalar(held)
    if upload:
        enqueue(work, DropLogo(upload))


@dataclass(frozen=True, slots=True)
class DropLogo:
    """Take away the files of a logo that no application shows any more."""

    kind: ClassVar[str] = "oauth.logo"
    upload: str

    def run(self, call: Call) -> None:
        shelf(call.hub).drop(self.upload)
