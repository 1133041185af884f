"""What there is to filter by, and what is trending: read from the counts, nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.names import RepoType
from strata.search.finding import page
from strata.search.listing import Listed, listing
from strata.search.query import Query
from strata.search.tables import repo_tags, tag_counts

COUNTED: Final = 1_000  # repos whose tags are counted when a list is looked at
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
    count: int | None  # repos that have it, of those the caller may see; None: not counted


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


def facets(call: Call, query: Query, kinds: Sequence[str], limit: int) -> dict[str, list[Tag]]:
    """The most frequent tags of each kind among the repos that a list holds.

    They are counted when the list is short; of a long one the tags are those of all public repos,
    without a number unless the list is all of them.
    """
    if not query.narrowed:
        return {kind: tags_of_kind(call, query.type, kind, limit) for kind in kinds}
    ids = page.few(call, query, COUNTED)
    if ids is not None:
        found = tags_among(call, query.type, ids, kinds)
        return {kind: [tag for tag in found if tag.kind == kind][:limit] for kind in kinds}
    known = {kind: tags_of_kind(call, query.type, kind, limit) for kind in kinds}
    return {kind: [replace(tag, count=None) for tag in tags] for kind, tags in known.items()}


def tags_among(
    call: Call, repo_type: RepoType, ids: Sequence[int], kinds: Sequence[str]
) -> list[Tag]:
    """The tags of some repos, the most frequent first; the caller may see all of these."""
    same = sa.and_(tag_counts.c.type == repo_tags.c.type, tag_counts.c.tag == repo_tags.c.tag)
    many = sa.func.count()
    rows = call.db.execute(
        sa.select(tag_counts.c.label, tag_counts.c.kind, many)
        .join_from(repo_tags, tag_counts, same)
        .where(
            repo_tags.c.repo_id.in_(ids),
            repo_tags.c.type == repo_type.value,
            tag_counts.c.kind.in_(kinds),
        )
        .group_by(tag_counts.c.label, tag_counts.c.kind)
        .order_by(many.desc(), tag_counts.c.label)
    )
    return [Tag(row[0], row[0].removeprefix(f"{row[1]}:"), row[1], row[2]) for row in rows]


def trending(call: Call, types: Sequence[RepoType], limit: int) -> list[Listed]:
    """The repos that are wanted most these days, of several types, the first first."""
    found = [
        row for repo_type in types for row in listing(call, Query(type=repo_type, limit=limit)).rows
    ]
    return sorted(found, key=lambda row: (-row.trending, -row.repo.id))[:limit]
