"""Where addresses are, when the settings name a database of places."""

from __future__ import annotations

from strata.core.settings.refusal import BadSettings
from strata.core.settings.tree import Settings
from strata.lib.places import NoPlaces, Places


def load_places(settings: Settings) -> Places | None:
    """Open the database that the settings name; None without one.

    Raises:
        BadSettings: it is not there, or no such database.
    """
    path = settings.accounts.places_file
    if not path.name:
        return None
    try:
        return Places(path)
    except NoPlaces as error:
        raise BadSettings(
            f"accounts.places_file: {error} "
            "Name a City or Country database, such as GeoLite2-City.mmdb or dbip-city-lite.mmdb."
        ) from error
