"""The head above a page about who may work on a repo or a bucket."""

from __future__ import annotations

from strata.access.policy.verbs import Action
from strata.content.bucket.record import bucket_at
from strata.content.snapshot import MAIN, snapshot_of
from strata.core.call import Call
from strata.core.names import RepoId, RepoType
from strata.repos.lookup import lookup
from strata.web.pages.bucket import head as bucket
from strata.web.pages.repo.head import RepoHead, head_of

Head = RepoHead | bucket.BucketHead


def head_for(call: Call, repo_id: RepoId, action: Action) -> Head:
    """What the page shows above itself, for whoever may do this to the repo."""
    if repo_id.type is RepoType.BUCKET:
        return bucket.head_of(call, bucket_at(call, repo_id))
    return head_of(call, snapshot_of(call, lookup(call, repo_id, action), MAIN), MAIN)
