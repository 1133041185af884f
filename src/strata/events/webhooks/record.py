"""Webhooks and deliveries as rooms and doors see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit


class Domain(StrEnum):
    """What a webhook wants to hear of."""

    REPO = "repo"
    DISCUSSION = "discussion"


class Origin(StrEnum):
    """Why a delivery was written."""

    FACT = "fact"
    TEST = "test"
    REPLAY = "replay"


class State(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    DROPPED = "dropped"  # no longer to be told: the owner may not know, or the webhook is off
    REFUSED = "refused"  # the webhook had been triggered as often as it may be


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing that a webhook watches."""

    type: str  # "user", "org", "model", "dataset", "space", …
    name: str  # "alice", "alice/model"
    namespace_id: int | None = None
    repo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is called when something happens."""

    id: int
    key: str  # 24 hex
    owner_id: int
    url: str
    secret: bytes | None = field(repr=False)  # sealed
    on_repos: bool
    on_discussions: bool
    created_at: datetime
    disabled_at: datetime | None
    given_up: bool  # the hub disabled it
    failing_since: datetime | None
    silences: int
    paused_until: datetime | None

    def called_at(self, moment: datetime) -> bool:
        """Whether it is enabled and its target is not given a rest."""
        resting = self.paused_until is not None and self.paused_until > moment
        return self.disabled_at is None and not resting

    @property
    def host(self) -> str:
        """All of the address that a list shows: the rest may hold secrets."""
        return urlsplit(self.url).netloc

    @property
    def domains(self) -> list[Domain]:
        wanted = {Domain.REPO: self.on_repos, Domain.DISCUSSION: self.on_discussions}
        return [domain for domain, on in wanted.items() if on]


@dataclass(frozen=True, slots=True)
class Telling:
    """What one webhook shall be told."""

    webhook_id: int
    event: str  # "repo.content:update"
    payload: str = field(repr=False)  # JSON
    repo_id: int | None
    private: bool
    most: int  # deliveries of the webhook in 24 hours; 0: no limit


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one call; texts are masked and cut."""

    at: datetime
    duration_ms: int
    request_head: str
    status: int | None = None
    error: str | None = None
    response_head: str | None = None
    response_body: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One telling and how it went."""

    id: int
    key: str  # 24 hex
    webhook_id: int
    origin: Origin
    event: str
    repo_id: int | None
    private: bool
    payload: str = field(repr=False)
    created_at: datetime
    state: State
    due_at: datetime | None
    attempts: int
    attempted_at: datetime | None
    duration_ms: int | None
    status: int | None
    error: str | None
    request_head: str | None
    response_head: str | None
    response_body: str | None
