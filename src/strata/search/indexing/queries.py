"""What the index writes: the entry of one repo, its words, and how many have each word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.core.call import Work
from strata.core.names import RepoType
from strata.lib.db.statements import upsert
from strata.repos.tables import repos
from strata.search.bits import bits_of
from strata.search.saying.words import OTHER
from strata.search.tables import cards, repo_tags, tag_counts

Words = Mapping[str, tuple[str, str]]  # folded → its spelling, its kind


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index shall say of a repo."""

    type: RepoType
    public: bool
    words: Words
    num_parameters: int  # 0: not known
    main_size: int  # bytes of the files
    card: dict[str, Any]  # the row of `cards`


def write(work: Work, repo_row_id: int, entry: Entry | None) -> None:
    """Replace the entry of a repo; None takes it away."""
    here = repo_tags.c.repo_id == repo_row_id
    rows = work.db.execute(sa.select(repo_tags.c.type, repo_tags.c.tag).where(here)).all()
    counted = sa.select(cards.c.counted_public).where(cards.c.repo_id == repo_row_id)
    was_public = bool(work.db.scalar(counted))
    before = {row.tag for row in rows}
    words = entry.words if entry else {}
    repo_type = entry.type.value if entry else rows[0].type if rows else ""
    gone = before - words.keys()
    if gone:
        work.db.execute(sa.delete(repo_tags).where(here, repo_tags.c.tag.in_(gone)))
    fresh = [
        {"type": repo_type, "tag": tag, "repo_id": repo_row_id}
        for tag in sorted(words.keys() - before)
    ]
    if fresh:
        work.db.execute(sa.insert(repo_tags), fresh)
    is_public = entry is not None and entry.public
    _recount(work, repo_type, _changes(words, before, was_public=was_public, is_public=is_public))
    _write_entry(work, repo_row_id, entry)
    _write_columns(work, repo_row_id, entry)


def _changes(
    words: Words, before: set[str], *, was_public: bool, is_public: bool
) -> list[dict[str, Any]]:
    """By how much the count of each word changes; in one order, so that no two writers wait."""
    changes = []
    for tag in sorted(before | words.keys()):
        total = (tag in words) - (tag in before)
        public = (tag in words and is_public) - (tag in before and was_public)
        if total or public:
            label, kind = words.get(tag, (tag, OTHER))
            changes.append(
                {"tag": tag, "label": label, "kind": kind, "public": public, "total": total}
            )
    return changes


def _recount(work: Work, repo_type: str, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    fresh = upsert(work.db, tag_counts)
    # A word that once was some author's own may turn out to be a library's name.
    kind = sa.case((fresh.excluded.kind == OTHER, tag_counts.c.kind), else_=fresh.excluded.kind)
    statement = fresh.on_conflict_do_update(
        index_elements=["type", "tag"],
        set_={
            "public": tag_counts.c.public + fresh.excluded.public,
            "total": tag_counts.c.total + fresh.excluded.total,
            "kind": kind,
        },
    )
    work.db.execute(statement, [{"type": repo_type, **change} for change in changes])
    if any(change["total"] < 0 for change in changes):
        gone = [change["tag"] for change in changes if change["total"] < 0]
        nobody = (
            tag_counts.c.type == repo_type,
            tag_counts.c.tag.in_(gone),
            tag_counts.c.total < 1,
        )
        work.db.execute(sa.delete(tag_counts).where(*nobody))


def _write_entry(work: Work, repo_row_id: int, entry: Entry | None) -> None:
    if entry is None:
        work.db.execute(sa.delete(cards).where(cards.c.repo_id == repo_row_id))
        return
    fresh = upsert(work.db, cards).values(repo_id=repo_row_id, **entry.card)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["repo_id"], set_=entry.card))


def _write_columns(work: Work, repo_row_id: int, entry: Entry | None) -> None:
    """Write what the indexes of the lists hold of an entry; numbers outlive it, tags do not."""
    values = {"tag_bits": bits_of(entry.words if entry else ())}
    if entry is not None:
        values |= {"num_parameters": entry.num_parameters, "main_size": entry.main_size}
    work.db.execute(sa.update(repos).where(repos.c.id == repo_row_id).values(values))
