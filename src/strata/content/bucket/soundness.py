"""Do the sums of a bucket agree with its files? For `strata doctor`.

That every file's bytes were given to its bucket is a foreign key, and that they are kept somewhere
is `blobs.soundness`.
"""

from __future__ import annotations

from collections.abc import Iterator

from strata.content.bucket import queries
from strata.content.bucket.queries import Holding
from strata.core.call import Call, Work
from strata.core.findings import Check, Finding
from strata.core.names import RepoType
from strata.repos.soundness import living


def unsound_buckets(call: Call) -> Iterator[Finding]:
    """Count the files of every bucket."""
    for repo in living(call):
        if repo.type is not RepoType.BUCKET:
            continue
        place = repo.web_path.removeprefix("/")
        noted = queries.holding(call, repo.id)
        if noted is None:
            yield Finding(Check.BUCKETS, place, "nothing is noted about this bucket", repo.id)
            continue
        size, files = queries.summed(call, repo.id)
        # Once more before we say so: a batch may have come between the two looks.
        again = queries.holding(call, repo.id)
        if noted == again and (size, files) != (noted.size, noted.files):
            problem = (
                f"it is noted with {noted.files} files of {noted.size} bytes,"
                f" it has {files} of {size} bytes"
            )
            yield Finding(Check.BUCKETS, place, problem, repo.id)


def recount(work: Work, repo_id: int) -> None:
    """Note what a bucket holds anew."""
    noted = queries.locked(work, repo_id)
    if noted is None:
        queries.insert_bucket(work, repo_id)
        noted = Holding(0, 0, 0, work.now)
    size, files = queries.summed(work, repo_id)
    now = max(work.now, noted.changed_at)
    queries.write_holding(work, repo_id, Holding(size, files, noted.last_change, now))
