"""Who is told of a fact, and why: what every kind of news consists of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.accounts.notices.choices import Kind
from strata.community.inbox.record import News, Reason, Topic
from strata.repos.record import Repo

Row = sa.Row[Any]  # of `facts`


@dataclass(frozen=True, slots=True)
class Group:
    """People who are told for the same reason."""

    reason: Reason
    kind: Kind
    people: Collection[int]


@dataclass(frozen=True, slots=True)
class Telling:
    """What a fact has people told, for the best reason first."""

    news: News
    groups: tuple[Group, ...]
    repo: Repo | None = None


def news_of(row: Row, topic: Topic, key: object, **more: Any) -> News:
    """What a fact says by itself."""
    told = {"event": row.name, "actor_id": row.actor_id, **more}
    return News(thread=f"{topic}:{key}", topic=topic, fact_id=row.id, at=row.at, **told)


def concerned(row: Row, kind: Kind) -> Group:
    """The person to whom it happened."""
    return Group(Reason.CONCERNED, kind, {row.subject_id})


def but_the_doer(told: Telling, row: Row) -> Telling:
    """The same without whoever did it."""
    groups = tuple(
        Group(one.reason, one.kind, set(one.people) - {row.actor_id}) for one in told.groups
    )
    return Telling(told.news, groups, told.repo)
