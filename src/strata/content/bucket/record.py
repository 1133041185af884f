"""A bucket: a repo without git, whose content is whatever its files are now.

Owner, visibility, roles, moving and the bytes it was given are those of any repo; its files are
rows (`blobs.tables.bucket_files`).
"""

from __future__ import annotations

from dataclasses import dataclass

from strata.content.bucket import queries
from strata.content.bucket.queries import Holding
from strata.core.call import Call, Work
from strata.core.errors import RepoNotFound
from strata.core.names import RepoId
from strata.repos import change, create as records
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that the caller may read, and what it holds altogether."""

    repo: Repo
    holding: Holding


def bucket_at(call: Call, repo_id: RepoId) -> Bucket:
    """Settle bucket and permission at once.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
    """
    repo = lookup(call, repo_id)
    held = queries.holding(call, repo.id)
    if held is None:
        raise RepoNotFound
    return Bucket(repo, held)


def create(work: Work, wish: Wish) -> Repo:
    """Create an empty bucket.

    Raises:
        Forbidden, Malformed, AlreadyExists, …: as `repos.create.settle`.
    """
    repo = records.insert(work, records.settle(work, wish))
    queries.insert_bucket(work, repo.id)
    return repo


def delete(work: Work, repo_id: RepoId) -> None:
    """Take the bucket away for everyone at once; the sweep removes its files.

    Raises:
        RepoNotFound, Forbidden, …: as `repos.change.delete`.
    """
    gone = change.delete(work, repo_id)  # before its files, as whoever changes them
    queries.forget_bucket(work, gone.id)
