"""The repo record as rooms and doors see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strata.access.policy.things import Gate, Thing
from strata.core.names import RepoId, RepoType


@dataclass(frozen=True, slots=True)
class Repo:
    """One repo, settled: whoever holds it was allowed to know of it."""

    id: int
    key: str  # 24 hex
    type: RepoType
    owner_id: int
    namespace: str
    name: str
    created_by: int | None  # the person; a contributor may change what they created
    private: bool
    disabled: bool
    gated: Gate | None  # None: whoever may see it may read its files
    gate_members: bool  # the gate also stands before members of its organisation
    discussions_disabled: bool
    sdk: str | None
    created_at: datetime
    updated_at: datetime
    generation: int
    likes: int
    downloads: int
    downloads_all_time: int

    @property
    def thing(self) -> Thing:
        """What the grants of a token know it as."""
        return Thing.REPO

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def repo_id(self) -> RepoId:
        return RepoId(self.type, self.namespace, self.name)

    @property
    def web_path(self) -> str:
        return self.repo_id.web_path
