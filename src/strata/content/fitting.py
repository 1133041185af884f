"""Whether a repo that gets another owner has no more files than that owner's repos may."""

from __future__ import annotations

from strata.accounts.plans.quotas import NO_LIMIT, quotas_of
from strata.content import queries
from strata.content.bucket import queries as buckets
from strata.content.crowding import MORE, Stored, require_uncrowded
from strata.content.refs import MAIN_REF
from strata.core.call import Work
from strata.core.errors import OverQuota
from strata.core.names import RepoType
from strata.events.facts import Fact
from strata.repos import queries as repos
from strata.repos.record import Repo


def settle_files(work: Work, fact: Fact) -> None:
    """Refuse a move to an owner whose plan allows fewer files (a `Listener`).

    Raises:
        OverQuota: with the numbers; undoes the move.
    """
    former = fact.detail.get("from_owner")
    if fact.name != "repo.move" or fact.repo_id is None:
        return
    repo = repos.repo_by_id(work, fact.repo_id)
    if repo is None or repo.owner_id == former:
        return
    if repo.type is RepoType.BUCKET:
        _require_few(work, repo)
        return
    row = queries.refs_among(work, repo.id, [MAIN_REF]).get(MAIN_REF)
    if row is not None:
        store = Stored(work.hub.git_path(repo.key))
        require_uncrowded(work, repo, store, row.commit, None)


def _require_few(work: Work, bucket: Repo) -> None:
    most, held = quotas_of(work, bucket.owner_id).bucket_files, buckets.holding(work, bucket.id)
    if held is not None and most != NO_LIMIT and held.files > most:
        raise OverQuota(
            f"{bucket.full_name} would hold {held.files} files, and may hold {most}."
            f" Delete some, or {MORE}"
        )
