"""Notifications as the room sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from strata.core.names import RepoId, RepoType


class Topic(StrEnum):
    """What a thread is about; the first word of its key."""

    DISCUSSION = "discussion"
    REQUESTS = "requests"  # for access, to a gated repo that the person manages
    ACCESS = "access"  # of the person to a gated repo
    MEMBERSHIP = "membership"  # of the person in an organisation
    JOINING = "joining"  # of others, in an organisation that the person manages
    TRANSFER = "transfer"  # of a repo to another namespace
    SHARING = "sharing"  # an invitation to work on a repo
    SHARED = "shared"  # who works on a repo, and as what
    QUOTA = "quota"
    SECURITY = "security"  # of the person's account
    ANNOUNCEMENT = "announcement"  # of those who run the hub


class Reason(StrEnum):
    """Why somebody is told."""

    MENTION = "mention"
    PARTICIPATING = "participating"
    YOURS = "yours"  # it happened in their repo
    WATCHING = "watching"
    MANAGING = "managing"  # they have to decide, or to look after something
    CONCERNED = "concerned"  # it is about themselves
    SECURITY = "security"
    EVERYBODY = "everybody"  # is told


STRENGTH: Final[Mapping[str, int]] = {reason.value: place for place, reason in enumerate(Reason)}
IN_THREAD: Final = frozenset({Reason.MENTION, Reason.PARTICIPATING})


class Show(StrEnum):
    """Which notifications a list shows."""

    ALL = "all"
    UNREAD = "unread"
    PARTICIPATING = "participating"
    MENTIONS = "mentions"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which of somebody's notifications are meant."""

    show: Show = Show.ALL
    repo: RepoId | None = None  # only those about this repo
    kind: RepoType | None = None  # only those about repos of this type
    unread: bool = False  # on top of `show`
    discussions: bool = False  # only those about discussions
    since: datetime | None = None  # news from then on


@dataclass(frozen=True, slots=True)
class Until:
    """About what a mail is due now."""

    settled: datetime  # nothing more has happened since
    begun: datetime  # or it began before this, and goes on and on
    digest: datetime  # and it began before this


@dataclass(frozen=True, slots=True)
class News:
    """What a fact tells those who are told of it."""

    thread: str
    topic: Topic
    event: str
    fact_id: int
    at: datetime
    actor_id: int | None = None
    repo_id: int | None = None
    namespace_id: int | None = None
    discussion_id: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    for_managers: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """The discussion that a notification is about."""

    id: int
    key: str  # 24 hex
    number: int
    title: str
    status: str
    is_pull_request: bool
    comments: int  # how many


@dataclass(frozen=True, slots=True)
class Place:
    """The repo that a notification is about."""

    key: str  # 24 hex
    repo_id: RepoId


@dataclass(frozen=True, slots=True)
class Notification:
    """One row of somebody's inbox, as they may see it now."""

    id: int
    topic: Topic
    reason: Reason
    event: str
    at: datetime
    unread: bool
    muted: bool
    detail: Mapping[str, Any]
    actor: str | None  # name of who did it; None: the hub, or an account that is gone
    namespace: str | None  # name of the organisation, or of whose storage it is
    place: Place | None
    thread: Thread | None

    @property
    def path(self) -> str:
        """The page that it leads to, from the root of the hub; with what was said last."""
        if self.place is not None and self.thread is not None:
            at = str(self.detail.get("event", ""))
            there = f"{self.place.repo_id.web_path}/discussions/{self.thread.number}"
            return f"{there}#{at}" if at else there
        if self.topic in {Topic.SECURITY, Topic.QUOTA} and "webhook" in self.detail:
            return f"/settings/webhooks/{self.detail['webhook']}"
        if self.topic is Topic.ANNOUNCEMENT:
            return f"/notifications/announcements/{self.detail['announcement']}"
        home = self.place.repo_id.web_path if self.place is not None else ""
        template = _ANSWERS.get(self.event) or _PATHS[self.topic]
        return template.format(home=home, namespace=self.namespace or "")


_PATHS: Final[Mapping[Topic, str]] = {
    Topic.DISCUSSION: "{home}/discussions",
    Topic.REQUESTS: "{home}/settings/access-requests",
    Topic.ACCESS: "{home}",
    Topic.MEMBERSHIP: "/{namespace}",
    Topic.JOINING: "/organizations/{namespace}/settings/members",
    Topic.TRANSFER: "{home}",
    Topic.SHARING: "/settings/collaborations",
    Topic.SHARED: "{home}",
    Topic.QUOTA: "/settings/billing?owner={namespace}",
    Topic.SECURITY: "/settings/security-log",
}
_ANSWERS: Final = {
    "org.invite_user": "/settings/organizations",
    "repo.collaborator_accept": "{home}/settings/collaborators",
    "repo.collaborator_decline": "{home}/settings/collaborators",
}
