"""Access tokens in the files of buckets that everybody can read: revoked where they stand.

A batch is not refused for what its files hold: they were uploaded before it, and are looked through
after it, outside of its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.access.policy.verbs import Action
from strata.blobs import links
from strata.blobs.tables import bucket_files
from strata.content.bucket import queries
from strata.content.writing.exposed import MOST_LARGE_BYTES, text_of, warning_of
from strata.core.call import Call, Work, working
from strata.core.errors import EntryNotFound
from strata.core.names import Oid, RepoId, RepoType
from strata.credentials.oauth.tokens.ending import end_leaked
from strata.credentials.tokens.leaked import leaks
from strata.credentials.tokens.leaked.showing import MOST_BYTES, values_in
from strata.events.facts import Fact
from strata.events.jobs import enqueue
from strata.repos import queries as repos
from strata.repos.lookup import lookup
from strata.repos.record import Repo

MOST_FILES: Final = 10_000  # of one look


@dataclass(frozen=True, slots=True)
class RevokeInBucket:
    """Revoke the tokens in small files that came into a public bucket since a moment."""

    kind: ClassVar[str] = "content.revoke_in_bucket"
    repo_id: int
    since: str = ""  # ISO 8601; empty: in all files

    def run(self, call: Call) -> None:
        bucket = repos.repo_by_id(call, self.repo_id)
        if bucket is None or bucket.private or bucket.type is not RepoType.BUCKET:
            return
        found = {
            value: f"{bucket.full_name}/{path}"
            for path, oid in _files(call, bucket.id, self.since)
            for value in _tokens(call, bucket, oid)
        }
        if found:
            with working(call) as work:
                end_leaked(work, found)


def warning_for(call: Call, bucket_id: RepoId, paths: Sequence[str]) -> str:
    """What who put files into a private bucket should know of the tokens in them; or nothing.

    Of many files only the first `MOST_LARGE_BYTES` are looked through, as those of a commit.

    Raises:
        RepoNotFound, Unauthenticated, Forbidden, …: as `repos.lookup.lookup`.
    """
    bucket = lookup(call, bucket_id, Action.WRITE)
    if not bucket.private:
        return ""
    found, left = 0, MOST_LARGE_BYTES
    for file in queries.files_at(call, bucket.id, paths).values():
        if file.size <= min(MOST_BYTES, left):
            left -= file.size
            found += sum(leaks.alive(call, value) for value in _tokens(call, bucket, file.oid))
    return warning_of(call, found)


def look_through_bucket(work: Work, fact: Fact) -> None:
    """Look through what came into a bucket, or all of one that becomes public (a `Listener`)."""
    if fact.repo_id is None:
        return
    if fact.name == "bucket.content" and fact.detail.get("put"):
        since = work.now.isoformat()
        key = f"{RevokeInBucket.kind}:{fact.repo_id}:{since}"
        enqueue(work, RevokeInBucket(fact.repo_id, since), key=key)
    elif fact.name == "repo.update_settings" and fact.detail.get("private") is False:
        enqueue(work, RevokeInBucket(fact.repo_id), key=f"{RevokeInBucket.kind}:{fact.repo_id}")


def _files(call: Call, bucket_id: int, since: str) -> list[tuple[str, Oid]]:
    statement = sa.select(bucket_files.c.path, bucket_files.c.sha256).where(
        bucket_files.c.repo_id == bucket_id, bucket_files.c.size <= MOST_BYTES
    )
    if since:
        statement = statement.where(bucket_files.c.uploaded_at >= datetime.fromisoformat(since))
    return [(row.path, Oid(row.sha256)) for row in call.db.execute(statement.limit(MOST_FILES))]


def _tokens(call: Call, bucket: Repo, oid: Oid) -> list[str]:
    try:
        content = text_of(links.from_start(call, bucket, oid))
    except EntryNotFound:  # deleted meanwhile
        return []
    return [value for value, _ in values_in(content)]
