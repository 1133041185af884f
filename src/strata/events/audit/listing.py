"""Read the audit log: a person's own part, a namespace's, or all of it; the newest first.

Who may read which part is decided above (`access.audit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.events.audit.naming import facts_behind, type_of
from strata.events.tables import facts
from strata.lib.db.seek import Page, Window, page_down

# What may be asked for, and the scopes of the facts behind it.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("account",),
    "token": ("token",),
    "key": ("key",),
    "oauth": ("oauth",),
    "repo": ("repo", "bucket"),
    "gate": ("gate",),
    "discussion": ("discussion",),
    "collection": ("collection",),
    "org": ("org",),
    "webhook": ("webhook",),
    "quota": ("quota",),
    "mirror": ("mirror",),
    "admin": ("admin",),
}
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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted."""

    kind: str = ""  # a key of KINDS; empty: every one
    since: datetime | None = None
    until: datetime | None = None  # not included
    actor_id: int | None = None
    target: str = ""  # exactly this, such as the name of a repo
    type: str = ""  # of the entry, as `repo.push`; a page may then have fewer rows than it could

    def conditions(self) -> Sequence[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.kind:
            scopes = [facts.c.name.startswith(f"{scope}.") for scope in KINDS[self.kind]]
            found.append(sa.or_(*scopes))
        if self.since is not None:
            found.append(facts.c.at >= self.since)
        if self.until is not None:
            found.append(facts.c.at < self.until)
        if self.actor_id is not None:
            found.append(facts.c.actor_id == self.actor_id)
        if self.type:
            found.append(facts.c.name.in_(sorted(facts_behind(self.type))))
        if self.target:
            found.append(facts.c.target == self.target)
        return found


EVERYTHING: Final = Filter()


def of_person(call: Call, user_id: int, window: Window, wanted: Filter) -> Page[Entry]:
    """What a person did, and what was done to their account."""
    parts = [
        _first_ids(column == user_id, window, wanted).subquery()
        for column in (facts.c.actor_id, facts.c.subject_id)
    ]
    ids = sa.union(*(sa.select(part.c.id) for part in parts))
    return _page(call, _rows().where(facts.c.id.in_(ids)), window, wanted)


def of_owner(call: Call, owner_id: int, window: Window, wanted: Filter) -> Page[Entry]:
    """What happened in a namespace."""
    here = _rows().where(facts.c.owner_id == owner_id, *wanted.conditions())
    return _page(call, here, window, wanted)


def of_all(call: Call, window: Window, wanted: Filter) -> Page[Entry]:
    """The whole log."""
    return _page(call, _rows().where(*wanted.conditions()), window, wanted)


def _first_ids(
    whose: sa.ColumnElement[bool], window: Window, wanted: Filter
) -> sa.Select[tuple[int]]:
    """As many ids of one index as a page can need."""
    statement = sa.select(facts.c.id).where(whose, *wanted.conditions())
    if window.after is not None:
        statement = statement.where(facts.c.id < window.after[0])
    return statement.order_by(facts.c.id.desc()).limit(window.limit + 1)


def _rows() -> sa.Select[Any]:
    return sa.select(*(facts.c[name] for name in _SHOWN))


def _page(call: Call, statement: sa.Select[Any], window: Window, wanted: Filter) -> Page[Entry]:
    page = page_down(call.db, statement, window, (facts.c.id,), _entry)
    if not wanted.type:
        return page
    return Page(tuple(row for row in page.rows if row.type == wanted.type), page.last)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(*row[: len(_SHOWN)])
