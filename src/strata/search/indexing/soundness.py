"""Does the index say what git says? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.core.findings import Check, Finding
from strata.events.jobs import enqueue
from strata.events.tables import jobs
from strata.repos.soundness import living
from strata.repos.tables import refs, repos
from strata.search.indexing.index import IndexRepo
from strata.search.tables import cards

_MAIN: Final = "refs/heads/main"


def unsound_index(call: Call) -> Iterator[Finding]:
    """Repos whose entry was made from another commit than main's; a waiting job will see to it."""
    main = sa.and_(refs.c.repo_id == repos.c.id, refs.c.name == _MAIN)
    key = sa.literal(f"{IndexRepo.kind}:").concat(sa.cast(repos.c.id, sa.Text))
    waiting = sa.exists().where(jobs.c.key == key, jobs.c.failed_at.is_(None))
    lagging = sa.select(repos.c.id, refs.c.commit_sha, cards.c.commit_sha.label("indexed"))
    lagging = lagging.join(refs, main, isouter=True).join(
        cards, cards.c.repo_id == repos.c.id, isouter=True
    )
    differs = sa.func.coalesce(refs.c.commit_sha, "") != sa.func.coalesce(cards.c.commit_sha, "")
    rows = call.db.execute(lagging.where(repos.c.deleted_at.is_(None), differs, ~waiting)).all()
    behind = {row.id: row for row in rows}
    for repo in living(call) if behind else ():
        if repo.id in behind:
            row = behind[repo.id]
            problem = f"the index was made from {row.indexed or 'nothing'}, main is at {row[1]}"
            yield Finding(Check.INDEX, repo.web_path.removeprefix("/"), problem, repo.id)


def reindex(work: Work, repo_row_id: int) -> None:
    """Queue the job that makes the entry of a repo anew, with the key that facts queue it under."""
    enqueue(work, IndexRepo(repo_row_id), key=f"{IndexRepo.kind}:{repo_row_id}")
