"""Are there pictures that nobody has any more? For `strata gc`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.profile.picture import FOLDER
from strata.accounts.profile.tables import profiles
from strata.core.call import Call

_SETTLED: Final = timedelta(days=1)  # after this a picture has its row or never will


def sweep_pictures(call: Call, *, delete: bool) -> int:
    """Count the files of pictures that no profile shows, and remove them if asked to."""
    return sweep_unshown(call, FOLDER, profiles.c.picture, delete=delete)


def sweep_unshown(call: Call, folder: str, column: sa.Column[str | None], *, delete: bool) -> int:
    """Count the files of a folder whose upload stands in no row, and remove them if asked to.

    A crash leaves them behind, between an upload and its row or between a row and the removal of
    what it named. No two uploads share a name, not even of the same picture, so what
    no row names now none will name later.
    """
    before = call.now - _SETTLED
    shown = set(call.db.scalars(sa.select(column).distinct()))
    strays = [
        facts.key
        for facts in call.hub.objects.keys(folder)
        if facts.modified < before and facts.key.rpartition("/")[2].partition(".")[0] not in shown
    ]
    for key in strays if delete else ():
        call.hub.objects.delete(key)
    return len(strays)
