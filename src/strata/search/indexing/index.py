"""The job that keeps lists true: it reads the head of main and writes what lists filter by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from strata.content.snapshot import snapshot_of
from strata.core.call import Call, working
from strata.core.errors import RevisionNotFound
from strata.repos import queries
from strata.repos.record import Repo
from strata.search.indexing import queries as index_queries
from strata.search.saying.contents import Contents, contents_of
from strata.search.saying.summaries import summaries_of
from strata.search.saying.words import words_of

MAX_SIBLINGS = 10_000  # names kept for old clients' lists; `info` always reads all from git


@dataclass(frozen=True, slots=True)
class IndexRepo:
    """Bring the index of one repo to the state of main."""

    kind: ClassVar[str] = "search.index"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = queries.repo_by_id(call, self.repo_id)
        entry = _entry(call, repo) if repo is not None else None
        with working(call) as work:
            index_queries.write(work, self.repo_id, entry)


def _entry(call: Call, repo: Repo) -> index_queries.Entry | None:
    """What the index shall say; None when the repo is empty."""
    try:
        snapshot = snapshot_of(call, repo, "main")
    except RevisionNotFound:
        return None
    contents = contents_of(call, snapshot)
    summaries = summaries_of(call, snapshot, contents)
    return index_queries.Entry(
        type=repo.type,
        public=not repo.private,
        words=words_of(repo.type, contents, summaries),
        num_parameters=summaries.num_parameters,
        main_size=contents.used_storage,
        card=_card(call, repo, snapshot.commit, contents)
        | {"summaries": contents.details | summaries.by_wire_name() or None},
    )


def _card(call: Call, repo: Repo, commit: str, contents: Contents) -> dict[str, Any]:
    return {
        "commit_sha": commit,
        "card_data": contents.card_data,
        "tags": list(contents.tags),
        "pipeline_tag": contents.pipeline_tag,
        "library_name": contents.library_name,
        "config": contents.config,
        "siblings": [file.path for file in contents.files[:MAX_SIBLINGS]],
        "used_storage": contents.used_storage,
        "counted_public": not repo.private,
        "indexed_at": call.now,
    }
