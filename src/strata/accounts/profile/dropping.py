"""Pictures of what is deleted go once that is committed: of people, organizations, applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.events.jobs import enqueue
from strata.lib.pictures.shelf import Shelf


@dataclass(frozen=True, slots=True)
class DropSquares:
    """Take away the squares of an upload that no row names any more."""

    kind: ClassVar[str] = "pictures.drop"
    folder: str  # of the object store
    upload: str

    def run(self, call: Call) -> None:
        Shelf(call.hub.objects, self.folder).drop(self.upload)


def drop_with(
    work: Work, folder: str, column: sa.Column[str | None], owner: sa.ColumnElement[bool]
) -> None:
    """Have the picture of a locked row that goes taken away, once its going is committed.

    Args:
        column: holds the upload.
        owner: the row.
    """
    upload = work.db.scalar(sa.select(column).where(owner))
    if upload:
        enqueue(work, DropSquares(folder, upload))
