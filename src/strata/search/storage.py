"""What the repos of a namespace take up, for its owner's storage list.

Counted is what counts against a quota (`blobs.quota`): the large files that a repo holds in any
revision, each once, and the small ones in every version that git keeps. A bucket takes up what its
files are now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from strata.access.policy.namespaces import require_member
from strata.blobs.tables import blobs, git_sizes, repo_blobs
from strata.content.tables import buckets
from strata.core.call import Call
from strata.core.names import RepoType
from strata.lib.db.seek import Page, Window, page_down
from strata.repos.tables import repos


@dataclass(frozen=True, slots=True)
class Stored:
    """A repo and what it takes up."""

    full_name: str
    type: RepoType
    private: bool
    updated_at: datetime
    storage: int  # bytes
    share: float  # of what the namespace takes up, 0 to 100


class Order(StrEnum):
    """Which repo comes first."""

    SIZE = "size"  # the largest
    UPDATED = "updated"  # the one that changed last


def storage_list(
    call: Call, namespace_id: int, window: Window, order: Order = Order.SIZE
) -> Page[Stored]:
    """The repos of a namespace, the largest first unless another order is asked for.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_member`.
    """
    require_member(call.actor, namespace_id)
    sized = _sizes(namespace_id).subquery()
    first = sized.c.storage if order is Order.SIZE else sized.c.updated_at
    return page_down(call.db, sa.select(sized), window, (first, sized.c.id), _stored)


def _sizes(namespace_id: int) -> sa.Select[Any]:
    in_git = sa.func.coalesce(git_sizes.c.bytes, 0)
    size = sa.func.coalesce(buckets.c.size, sa.func.coalesce(sa.func.sum(blobs.c.size), 0) + in_git)
    # PostgreSQL sums whole numbers into a decimal.
    storage = sa.cast(size, sa.BigInteger()).label("storage")
    total = sa.cast(sa.func.sum(size).over(), sa.BigInteger()).label("total")
    columns = [repos.c[name] for name in ("id", "namespace", "name", "type", "private")]
    return (
        sa.select(*columns, repos.c.updated_at, storage, total)
        .select_from(repos)
        .outerjoin(buckets, buckets.c.repo_id == repos.c.id)
        .outerjoin(git_sizes, git_sizes.c.repo_id == repos.c.id)
        .outerjoin(repo_blobs, repo_blobs.c.repo_id == repos.c.id)
        .outerjoin(blobs, blobs.c.sha256 == repo_blobs.c.sha256)
        .where(repos.c.owner_id == namespace_id, repos.c.deleted_at.is_(None))
        .group_by(repos.c.id, buckets.c.size, git_sizes.c.bytes)
    )


def _stored(row: sa.Row[Any]) -> Stored:
    return Stored(
        full_name=f"{row.namespace}/{row.name}",
        type=RepoType(row.type),
        private=row.private,
        updated_at=row.updated_at,
        storage=row.storage,
        share=100 * row.storage / row.total if row.total else 0.0,
    )
