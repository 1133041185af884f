"""What the hub holds of a person: each room declares its own, the composition root gathers it.

    Kept(likes.c.user_id, "delete", part="likes", columns=(likes.c.created_at, …))

The export of somebody's data reads it, their leaving takes it away (product §3.19). A test insists
that no table which refers to accounts is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

BATCH: Final = 500  # rows of one query

# What happens when the person leaves: the row goes; the row stays without them; or the row stays as
# it is, because the id in it names nobody any more, or because something else settles it.
Leaving = Literal["delete", "unname", "stay"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows that belong to a person by a column."""

    column: sa.Column[Any]
    leaving: Leaving


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the export."""

    name: str  # without ".json"
    read: Callable[..., Iterator[Mapping[str, object]]]  # (call, user id)


@dataclass(frozen=True, slots=True)
class Personal:
    """All that one room holds of people."""

    kept: tuple[Kept, ...] = ()
    parts: tuple[Part, ...] = ()


def rows_of(
    column: sa.Column[Any],
    *shown: sa.ColumnElement[Any],
    source: sa.FromClause | None = None,
    order: sa.Column[Any] | None = None,
) -> Callable[..., Iterator[Mapping[str, object]]]:
    """A reader of the rows of a person, with the named columns; a few hundred in memory at a time.

    Args:
        column: by which rows belong to a person.
        source: where all the columns come from; default: the table of `column`.
        order: has each value once among the rows; default: the key of the table of `column`.
    """
    place = tuple(column.table.primary_key.columns) if order is None else (order,)
    labels = [f"place_{number}" for number in range(len(place))]
    labelled = [one.label(name) for one, name in zip(place, labels, strict=True)]
    statement = (
        sa.select(*shown, *labelled)
        .select_from(column.table if source is None else source)
        .order_by(*place)
        .limit(BATCH)
    )

    def read(call: Any, user_id: int) -> Iterator[Mapping[str, object]]:
        mine = statement.where(column == user_id)
        rows: Sequence[sa.RowMapping] = ()
        while not rows or len(rows) == BATCH:
            after = [rows[-1][name] for name in labels] if rows else []
            here = mine.where(sa.tuple_(*place) > sa.tuple_(*after)) if after else mine
            rows = call.db.execute(here).mappings().all()
            for row in rows:
                yield {name: row[name] for name in row if name not in labels}
            if not rows:
                return

    return read
