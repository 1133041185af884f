"""The job that keeps lists true: it reads the head of main and writes what lists filter by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from strata.content.snapshot import snapshot_of
from strata.core.call import Call, Work, working
from strata.core.errors import RevisionNotFound
from strata.lib.db.statements import upsert
from strata.repos import queries
from strata.search.contents import contents_of
from strata.search.tables import cards, repo_tags

MAX_SIBLINGS = 10_000  # names kept for old clients' lists; `info` always reads all from git


@dataclass(frozen=True, slots=True)
class IndexRepo:
    """Bring the index of one repo to the state of main."""

    kind: ClassVar[str] = "search.index"
    repo_id: int

    def run(self, call: Call) -> None:
        entry = _entry(call, self.repo_id)
        with working(call) as work:
            work.db.execute(sa.delete(repo_tags).where(repo_tags.c.repo_id == self.repo_id))
            if entry is None:
                work.db.execute(sa.delete(cards).where(cards.c.repo_id == self.repo_id))
            else:
                _write(work, self.repo_id, entry)


def _entry(call: Call, repo_row_id: int) -> dict[str, Any] | None:
    """What the index shall say; None when the repo is gone or empty."""
    repo = queries.repo_by_id(call, repo_row_id)
    if repo is None:
        return None
    try:
        snapshot = snapshot_of(call, repo, "main")
    except RevisionNotFound:
        return None
    contents = contents_of(call, snapshot)
    return {
        "commit_sha": snapshot.commit,
        "card_data": contents.card_data,
        "tags": list(contents.tags),
        "pipeline_tag": contents.pipeline_tag,
        "library_name": contents.library_name,
        "config": contents.config,
        "siblings": [file.path for file in contents.files[:MAX_SIBLINGS]],
        "used_storage": contents.used_storage,
        "indexed_at": call.now,
    }


def _write(work: Work, repo_row_id: int, entry: dict[str, Any]) -> None:
    fresh = upsert(work.db, cards).values(repo_id=repo_row_id, **entry)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["repo_id"], set_=entry))
    tags = sorted({tag.lower() for tag in entry["tags"]})
    if tags:
        work.db.execute(
            sa.insert(repo_tags), [{"repo_id": repo_row_id, "tag": tag} for tag in tags]
        )
