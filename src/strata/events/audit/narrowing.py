"""What of the audit log is asked for, and how the database finds it without reading all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.events.audit.naming import facts_behind
from strata.events.tables import facts

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
# So long may a transaction last at most: ids are taken at its beginning.
_SLACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted."""

    kind: str = ""  # a key of KINDS; empty: every one
    since: datetime | None = None
    until: datetime | None = None  # not included
    actor_id: int | None = None
    target: str = ""  # exactly this, such as the name of a repo
    type: str = ""  # of the entry, as `repo.push`


EVERYTHING: Final = Filter()


def names_of(call: Call, wanted: Filter) -> list[str] | None:
    """The names of the facts that are asked for; None: all."""
    if wanted.type:
        return sorted(facts_behind(wanted.type))
    if not wanted.kind:
        return None
    scopes = KINDS[wanted.kind]
    return [name for name in _names(call) if name.partition(".")[0] in scopes]


def conditions(call: Call, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """What holds of every row that is asked for."""
    found = _days(call, wanted)
    names = names_of(call, wanted)
    if names is not None:
        found.append(facts.c.name.in_(names))
    if wanted.actor_id is not None:
        found.append(facts.c.actor_id == wanted.actor_id)
    if wanted.target:
        found.append(facts.c.target == wanted.target)
    return found


def _days(call: Call, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """Days as ids, by which the pages go, and exactly."""
    found: list[sa.ColumnElement[bool]] = []
    at, id_ = facts.c.at, facts.c.id
    if wanted.since is not None:
        early = sa.select(id_).where(at >= wanted.since - _SLACK).order_by(at, id_).limit(1)
        first = call.db.scalar(early)
        found += [at >= wanted.since, sa.false() if first is None else id_ >= first]
    if wanted.until is not None:
        late = sa.select(id_).where(at < wanted.until + _SLACK).order_by(at.desc(), id_.desc())
        last = call.db.scalar(late.limit(1))
        found += [at < wanted.until, sa.false() if last is None else id_ <= last]
    return found


def _names(call: Call) -> list[str]:
    """Every name that the log holds: one look into the index for each."""
    first = sa.select(sa.func.min(facts.c.name).label("name")).cte("names", recursive=True)
    following = sa.select(sa.func.min(facts.c.name)).where(facts.c.name > first.c.name)
    every = first.union_all(sa.select(following.scalar_subquery()).where(first.c.name.is_not(None)))
    return [name for name in call.db.scalars(sa.select(every.c.name)) if name is not None]
