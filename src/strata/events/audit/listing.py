"""Read the audit log: a person's own part, a namespace's, or all of it; the newest first.

Who may read which part is decided above (`access.audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.events.audit.naming import type_of
from strata.events.audit.narrowing import Filter, conditions, names_of
from strata.events.tables import facts
from strata.lib.db.seek import Page, Window, page_down

# Of what is asked for by a type that the database does not know, so much is read for one page.
_AT_ONCE: Final = 500
_ROUNDS: Final = 20
_SHOWN: Final = (
    "id",
    "at",
    "name",
    "actor_id",
    "actor_kind",
    "token_id",
    "on_behalf_of",
    "subject_id",
    "owner_id",
    "repo_id",
    "target",
    "detail",
    "result",
    "ip",
    "user_agent",
    "request_id",
    "erased",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    id: int
    at: datetime
    name: str  # of the fact
    actor_id: int | None
    actor_kind: str  # an `events.facts.By`
    token_id: int | None
    on_behalf_of: int | None
    subject_id: int | None
    owner_id: int | None
    repo_id: int | None
    target: str | None
    detail: Mapping[str, object]
    result: str  # "success" or "failure"
    ip: str
    user_agent: str
    request_id: str
    erased: bool

    @property
    def type(self) -> str:
        """What the log calls it, `scope.action`."""
        return type_of(self.name, self.detail)


def of_person(call: Call, user_id: int, window: Window, wanted: Filter) -> Page[Entry]:
    """What a person did, and what was done to their account."""
    where = conditions(call, wanted)
    either = [[column == user_id, *where] for column in (facts.c.actor_id, facts.c.subject_id)]
    return _filled(
        lambda part: _page(call, [facts.c.id.in_(_of_any(either, part))], part), window, wanted
    )


def of_owner(call: Call, owner_id: int, window: Window, wanted: Filter) -> Page[Entry]:
    """What happened in a namespace."""
    where = [facts.c.owner_id == owner_id, *conditions(call, wanted)]
    return _filled(lambda part: _page(call, where, part), window, wanted)


def of_all(call: Call, window: Window, wanted: Filter) -> Page[Entry]:
    """The whole log; what is asked of names is read name by name, each from its index."""
    names = names_of(call, wanted)
    if names is None or wanted.actor_id is not None or wanted.target:
        where = conditions(call, wanted)
        return _filled(lambda part: _page(call, where, part), window, wanted)
    there = conditions(call, replace(wanted, kind="", type=""))
    either = [[facts.c.name == name, *there] for name in names]
    return _filled(
        lambda part: _page(call, [facts.c.id.in_(_of_any(either, part))], part), window, wanted
    )


def _filled(read: Callable[[Window], Page[Entry]], window: Window, wanted: Filter) -> Page[Entry]:
    """A page of one type, which some facts tell only in their detail: read on until it is full."""
    if not wanted.type:
        return read(window)
    rows: list[Entry] = []
    last, rounds = window.after, 0
    while len(rows) <= window.limit and rounds < _ROUNDS and (rounds == 0 or last is not None):
        page = read(Window(max(window.limit, _AT_ONCE), last))
        rows += [row for row in page.rows if row.type == wanted.type]
        last, rounds = page.last, rounds + 1
    if len(rows) > window.limit:
        return Page(tuple(rows[: window.limit]), (rows[window.limit - 1].id,))
    return Page(tuple(rows), last)


_Conditions = list[sa.ColumnElement[bool]]


def _of_any(either: Sequence[_Conditions], window: Window) -> sa.CompoundSelect[tuple[int]]:
    """As many ids of each index as a page can need."""
    before = [] if window.after is None else [facts.c.id < window.after[0]]
    parts = [
        sa.select(facts.c.id)
        .where(*where, *before)
        .order_by(facts.c.id.desc())
        .limit(window.limit + 1)
        .subquery()
        for where in either
    ]
    nothing = sa.select(facts.c.id).where(facts.c.id < 0)
    return sa.union(*(sa.select(part.c.id) for part in parts)) if parts else sa.union(nothing)


def _rows() -> sa.Select[Any]:
    return sa.select(*(facts.c[name] for name in _SHOWN))


def _page(call: Call, where: _Conditions, window: Window) -> Page[Entry]:
    return page_down(call.db, _rows().where(*where), window, (facts.c.id,), _entry)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(*row[: len(_SHOWN)])
