"""Where the squares of logos are, and how those of an application that goes are taken away."""

from __future__ import annotations

from typing import Final

from strata.accounts.profile.dropping import drop_with
from strata.core.call import Work
from strata.core.hub import Hub
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.tables import oauth_apps
from strata.lib.pictures.shelf import Shelf

FOLDER: Final = "logos"  # of the object store


def shelf(hub: Hub) -> Shelf:
    """Where the squares of logos are."""
    return Shelf(hub.objects, FOLDER)


def forget(work: Work, app: App) -> None:
    """Have the logo of a locked application that goes taken away, once its going is committed."""
    drop_with(work, FOLDER, oauth_apps.c.picture, oauth_apps.c.id == app.id)
