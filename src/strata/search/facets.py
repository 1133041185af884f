"""What there is to filter by, and what is trending: read from the counts, nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.names import RepoType
from strata.search.listing import Listed, listing
from strata.search.query import Query
from strata.search.tables import tag_counts

MOST: Final = 1_000  # tags of one kind
KINDS: Final[Mapping[RepoType, tuple[str, ...]]] = {
    RepoType.MODEL: (
        "pipeline_tag", "library", "dataset", "language", "license", "arxiv", "base_model",
        "region", "other",
    ),
    RepoType.DATASET: (
        "task_categories", "task_ids", "size_categories", "format", "modality", "library",
        "language", "license", "multilinguality", "benchmark", "arxiv", "region", "other",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that some public repo has."""

    tag: str  # as filters take it
    label: str
    kind: str
    count: int  # public repos; a private one is never counted


def tags_of_kind(call: Call, repo_type: RepoType, kind: str, limit: int = MOST) -> list[Tag]:
    """The tags of one kind, the most frequent first."""
    columns = (tag_counts.c.label, tag_counts.c.public)
    rows = call.db.execute(
        sa.select(*columns)
        .where(
            tag_counts.c.type == repo_type.value,
            tag_counts.c.kind == kind,
            tag_counts.c.public > 0,
        )
        .order_by(tag_counts.c.public.desc(), tag_counts.c.tag.desc())
        .limit(limit)
    )
    return [Tag(row[0], row[0].removeprefix(f"{kind}:"), kind, row[1]) for row in rows]


def tags_by_kind(
    call: Call, repo_type: RepoType, kinds: Sequence[str] = ()
) -> dict[str, list[Tag]]:
    """All tags, by kind; only of some kinds when they are named."""
    wanted = [kind for kind in KINDS[repo_type] if not kinds or kind in kinds]
    return {kind: tags_of_kind(call, repo_type, kind) for kind in wanted}


def trending(call: Call, types: Sequence[RepoType], limit: int) -> list[Listed]:
    """The repos that are wanted most these days, of several types, the first first."""
    found = [
        row for repo_type in types for row in listing(call, Query(type=repo_type, limit=limit)).rows
    ]
    return sorted(found, key=lambda row: (-row.trending, -row.repo.id))[:limit]
