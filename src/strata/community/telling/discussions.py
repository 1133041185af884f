"""Discussions: who is named, who takes part, and who owns or watches the repo."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.notices import choices, heeding
from strata.accounts.notices.choices import Kind
from strata.community.discussions.tables import discussions
from strata.community.inbox.record import Reason, Topic
from strata.community.telling import audience
from strata.community.telling.groups import Group, Row, Telling, but_the_doer, news_of
from strata.core.call import Call
from strata.repos import queries as repos
from strata.repos.record import Repo


def discussion(call: Call, row: Row) -> Telling | None:
    """Something was said or done in a thread."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    wanted = sa.select(discussions.c.id).where(discussions.c.key == row.detail["id"])
    discussion_id: int | None = call.db.scalar(wanted)
    if repo is None or repo.disabled or repo.discussions_disabled or discussion_id is None:
        return None
    change = row.detail.get("change")
    event = row.detail.get("event")
    news = news_of(
        row,
        Topic.DISCUSSION,
        row.detail["id"],
        event=f"discussion.{change}" if change in ("status", "merge") else row.name,
        repo_id=repo.id,
        discussion_id=discussion_id,
        detail={"event": event} if event else {},
    )
    groups = [_named(call, row)]
    if change != "edit":
        groups += _around(call, repo, discussion_id)
    return but_the_doer(Telling(news, tuple(groups), repo), row)


def _named(call: Call, row: Row) -> Group:
    named = set(row.detail.get("mentions", ()))
    if row.detail.get("change") == "edit":
        named -= audience.named_before(call, row.detail["event"], row)
    return Group(Reason.MENTION, Kind.MENTION, named)


def _around(call: Call, repo: Repo, discussion_id: int) -> list[Group]:
    """Who takes part, to whom the repo belongs and who watches it; but nobody who muted it."""
    taking_part = audience.participants(call, discussion_id)
    deaf = choices.muted(call, repo.id, sorted(taking_part))
    watching = heeding.watchers(call, repo)
    return [
        Group(Reason.PARTICIPATING, Kind.PARTICIPATING, taking_part - deaf),
        Group(Reason.YOURS, Kind.WATCHED, watching & {repo.owner_id}),
        Group(Reason.WATCHING, Kind.WATCHED, watching),
    ]
