"""The one path for writing: operations become a commit on a branch or on a pull request.

Order of durable effects: large objects, git objects (one pack), then one transaction that moves the
ref and records the fact. Before it nothing is visible, after it nothing can be lost.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from strata.blobs.quota.small import give_small
from strata.content.authors import signature_of
from strata.content.crowding import Stored, require_uncrowded
from strata.content.moment import require_still_push
from strata.content.rights import require_push
from strata.content.snapshot import Snapshot, snapshot
from strata.content.writing.exposed import require_none_said, warning_of
from strata.content.writing.intake import Plan, missing, planned
from strata.content.writing.operations import Change
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, ParentMoved, RevisionNotFound, Unprocessable
from strata.core.names import RepoId, Sha
from strata.lib.git.write import Batch, Note, PathMissing, PathRefused
from strata.repos import queries
from strata.repos.landed import How, Move, landed
from strata.repos.record import Repo

# A lost race costs one more tree and commit. Writers of this process queue up (`lane`), so only
# other processes can win meanwhile; each loss means that somebody else's commit landed.
MAX_ATTEMPTS: Final = 500
_LANES: Final = tuple(threading.Lock() for _ in range(64))


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that landed."""

    repo: Repo
    ref: str  # "refs/heads/main"
    sha: Sha
    warning: str = ""  # what its author should know


@dataclass(frozen=True, slots=True)
class Prepared:
    """Contents that are stored and wait for a head to land on."""

    call: Call
    snapshot: Snapshot
    plan: Plan
    batch: Batch
    note: Note

    def commit_on(self, head: Sha) -> Sha:
        """Build trees and commit on a head; durable, visible to nobody.

        Raises:
            EntryNotFound: what shall be deleted is not there.
            Unprocessable: a path that no repo may hold.
            OverQuota: the repo, or a folder of it, may not hold so many files.
        """
        edits = self.plan.edits_on(self.snapshot.git_path, head)
        self.call.hub.crash_point("after-objects")
        try:
            sha = self.batch.commit(head, edits, [head], self.note)
        except PathMissing as absent:
            raise missing(head) from absent
        except PathRefused as refused:
            raise Unprocessable(f"{refused}. Choose another name.") from refused
        self.call.hub.crash_point("after-pack")
        here = Stored(self.snapshot.git_path)
        require_uncrowded(self.call, self.snapshot.repo, here, sha, head)
        return Sha(sha)


def commit(call: Call, repo_id: RepoId, revision: str, change: Change) -> Committed:
    """Commit to a branch or a pull request; opens its own transaction.

    Raises:
        RepoNotFound, Moved: as `content.snapshot`.
        RevisionNotFound: no such branch; tags and shas cannot take commits.
        Unauthenticated, EmailNotVerified, Forbidden: the caller may not write here.
        Unprocessable, Malformed, TooLarge, EntryNotFound: an operation is impossible.
        ParentMoved: the head is not the parent that the caller insists on.
    """
    base = branch_at(call, repo_id, revision)
    require_push(call, base.repo, base.ref or "")
    with prepared(call, base, change) as ready:
        return _land(ready, change.parent)


def branch_at(call: Call, repo_id: RepoId, revision: str) -> Snapshot:
    """A snapshot of something that can take commits.

    Raises:
        RevisionNotFound: there is none, or it is a tag or a sha.
    """
    base = snapshot(call, repo_id, revision)
    if base.writable_ref is None:
        raise RevisionNotFound(revision)
    return base


@contextmanager
def prepared(call: Call, base: Snapshot, change: Change) -> Iterator[Prepared]:
    """Check and store what a change brings; the caller was let in before.

    Raises:
        ParentMoved, Unprocessable, Malformed, TooLarge: as `commit`.
    """
    if not change.title.strip():
        raise Malformed("A commit needs a summary.")
    if change.parent is not None and change.parent != base.commit:
        raise ParentMoved
    said = require_none_said(call, base.repo, change.message)
    with Batch(base.git_path) as batch:
        plan = planned(call, base, change.operations, batch)
        plan.exposed += said
        note = Note(signature_of(call.hub, call.actor), call.now, change.message)
        yield Prepared(call, base, plan, batch, note)


def _land(ready: Prepared, parent: Sha | None) -> Committed:
    """Move the branch to a commit on its head; when somebody was faster, on the new head."""
    base = ready.snapshot
    ref = base.ref or ""
    for _ in range(MAX_ATTEMPTS):
        with lane(base.repo, ref):
            head = _head(ready.call, base.repo, ref)
            if parent is not None and parent != head:
                raise ParentMoved
            sha = ready.commit_on(head)
            settled = partial(_settle, ready=ready)
            if land_once(ready.call, base.repo, [Move(ref, head, sha)], then=settled):
                ready.call.hub.crash_point("after-commit")
                return Committed(base.repo, ref, sha, warning_of(ready.call, ready.plan.exposed))
    raise ParentMoved


def _settle(work: Work, ready: Prepared) -> None:
    base = ready.snapshot
    require_still_push(work, base.repo, base.ref or "")
    give_small(work, base.repo, ready.plan.regular_bytes)


def land_once(
    call: Call,
    repo: Repo,
    moves: Sequence[Move],
    how: How = How.COMMIT,
    *,
    then: Callable[[Work], None],
) -> bool:
    """Move refs in a transaction of their own; False when somebody was faster.

    Args:
        then: done in the same transaction, once the repo is held; asks for the right once more
            (`content.moment`).

    Raises:
        RepoNotFound, and whatever `then` raises.
    """
    try:
        with working(call) as work:
            landed(work, repo, *moves, how=how)
            then(work)
            call.hub.crash_point("before-commit")
    except ParentMoved:
        return False
    return True


def lane(repo: Repo, ref: str) -> threading.Lock:
    """The queue in which writers of one branch wait instead of undoing each other's work."""
    return _LANES[zlib.crc32(f"{repo.key}{ref}".encode()) % len(_LANES)]


def _head(call: Call, repo: Repo, ref: str) -> Sha:
    head = queries.ref_commit(call, repo.id, ref)
    if head is None:
        raise RevisionNotFound(ref.removeprefix("refs/heads/"))
    return Sha(head)
