"""What a batch does to a bucket, before it is settled whether it can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strata.core.names import RepoId


@dataclass(frozen=True, slots=True)
class AddFile:
    """Name bytes that were uploaded for this bucket before."""

    path: str
    xet_hash: str  # 64 hex
    mtime: datetime | None = None  # of the client's own file
    content_type: str | None = None  # what the client says it is


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Name bytes that a repo or bucket has which the caller may read."""

    path: str
    xet_hash: str  # 64 hex
    source: RepoId
    mtime: datetime | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove a file."""

    path: str


Step = AddFile | CopyFile | DeleteFile
