"""Read one's notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from strata.access.policy.persons import require_own
from strata.community.discussions import queries as discussions
from strata.community.discussions.queries import Event
from strata.community.discussions.texts import html_of
from strata.community.inbox import queries
from strata.community.inbox.record import Filter, Notification, Show
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.core.names import RepoId
from strata.lib.db.seek import Page, Window
from strata.repos.queries import path_key, repo_at

PAGE: Final = 25
MOST_REPOS: Final = 100  # that a list offers to be narrowed to
LAST_SAID: Final = 3  # comments of a preview
MISSING: Final = "There is no such notification."


@dataclass(frozen=True, slots=True)
class Preview:
    """A notification with what was said last in its thread."""

    notification: Notification
    comments: tuple[Event, ...] = ()
    html: Mapping[str, str] | None = None  # renderings, by the keys of the comments
    earlier: int = 0  # comments that stand before these


@dataclass(frozen=True, slots=True)
class Counts:
    """How many notifications there are, whatever part of them is shown."""

    view: int  # that the filter lets through
    unread: int
    all: int


def listed(call: Call, wanted: Filter, window: Window) -> Page[Notification]:
    """A part of the caller's list, the newest first.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    return queries.some(call, require_own(call.actor), wanted, window)


def numbered(call: Call, wanted: Filter, *, start: int, limit: int) -> list[Notification]:
    """The same by how many stand before.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    return queries.numbered(call, require_own(call.actor), wanted, start=start, limit=limit)


def matching(call: Call, wanted: Filter) -> int:
    """How many of the caller's notifications a filter lets through.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    return queries.count(call, require_own(call.actor), wanted)


def counts(call: Call, wanted: Filter) -> Counts:
    """How many the caller has.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    user_id, of_kind = require_own(call.actor), Filter(discussions=wanted.discussions)
    return Counts(
        view=queries.count(call, user_id, wanted),
        unread=queries.count(call, user_id, Filter(Show.UNREAD, discussions=wanted.discussions)),
        all=queries.count(call, user_id, of_kind),
    )


def repos_in(call: Call) -> list[RepoId]:
    """The repos that the caller's list is about.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    return queries.repos_in(call, require_own(call.actor), MOST_REPOS)


def muted(call: Call, limit: int = MOST_REPOS) -> list[Notification]:
    """The threads of which the caller wants to hear nothing, unless somebody names them.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
    """
    return queries.muted(call, require_own(call.actor), limit)


def preview(call: Call, notification_id: int) -> Preview:
    """One notification; reading it here does not mark it.

    Raises:
        Unauthenticated, TokenTooNarrow: as `access.policy.persons.require_own`.
        NotFound: the caller has none of this id, or may not know of its thread by now.
    """
    found = queries.one(call, require_own(call.actor), notification_id)
    if found is None:
        raise NotFound(MISSING)
    if found.thread is None or found.place is None:
        return Preview(found)
    repo_id = found.place.repo_id
    repo = repo_at(call, repo_id.type, path_key(repo_id))
    if repo is None:
        raise NotFound(MISSING)
    keys = queries.newest_comments(call, found.thread.id, LAST_SAID)
    events = [discussions.event_at(call, found.thread.id, key) for key in keys]
    said = tuple(event for event in events if event is not None)
    html = {one.key: html_of(call, repo, one.key, one.content) for one in said if not one.hidden}
    return Preview(found, said, html, max(0, found.thread.comments - len(said)))
