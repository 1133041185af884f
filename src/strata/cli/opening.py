"""How a command opens the hub: as its operator, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from strata.cli.lazy import named
from strata.cli.place import Place
from strata.core.actor import SYSTEM
from strata.core.call import Call, reading
from strata.core.hub import Hub


@contextmanager
def opened(place: Place) -> Iterator[Call]:
    """Open the hub as its operator, for one command.

    Raises:
        BadSettings: the settings cannot be used.
    """
    hub: Hub = named("strata.app.hub:load_hub")(place.loaded().settings)
    try:
        with reading(hub, SYSTEM) as call:
            yield call
    finally:
        hub.database.close()
