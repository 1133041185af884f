"""How a bucket changes: files added, copied and deleted, many at once.

What can be done of a batch is done in one transaction and takes effect at once; what cannot is
named with its reason. Batches of one bucket come one after the other, so none undoes what another
has acknowledged. Deleting what is not there succeeds: clients send a batch again when they did not
hear the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strata.access.policy.verbs import Action
from strata.accounts.plans.quotas import NO_LIMIT, quotas_of
from strata.blobs.quota.room import NEARLY_FULL, warning
from strata.content.bucket import queries
from strata.content.bucket.paths import folders_above, problem_of
from strata.content.bucket.queries import ChangeRow, FileRow, Holding
from strata.content.bucket.steps import CopyFile, DeleteFile, Step
from strata.content.bucket.supply import Supplies, supplies
from strata.content.crowding import MORE
from strata.content.moment import require_still_may
from strata.core.call import Work
from strata.core.errors import RepoNotFound
from strata.core.names import RepoId
from strata.events.facts import record_of
from strata.repos.lookup import lookup
from strata.repos.record import Repo

KEPT_CHANGES: Final = 10_000  # of each bucket, for those who follow it


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that was not taken."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch."""

    processed: int  # steps
    refused: list[Refusal]
    warning: str = ""  # that the owner is nearly out of storage, or the bucket of files


@dataclass(slots=True)
class _Desk:
    """The bucket while its batch is settled; nobody else changes it before the transaction ends."""

    bucket: Repo
    most_bytes: int
    most_files: int  # 0: no limit
    now: datetime  # not before any change that others have seen
    size: int
    files: int
    before: Mapping[str, FileRow]  # what stands at the paths of the batch
    after: dict[str, FileRow | None]  # what shall stand there; None: nothing

    def take(self, step: Step, sources: Supplies) -> str | None:
        """Take one step; the reason when it cannot be taken."""
        problem = problem_of(step.path)
        if problem is not None:
            return f"The path {problem}. Choose another name."
        if isinstance(step, DeleteFile):
            return self._place(step.path, None)
        supply = sources[step.source if isinstance(step, CopyFile) else None]
        found = supply.files.get(step.xet_hash)
        if found is None:
            return supply.lack
        file = FileRow(
            path=step.path,
            oid=found.oid,
            xet_hash=step.xet_hash,
            size=found.size,
            mtime=step.mtime,
            content_type=step.content_type,
            uploaded_at=self.now,
            stored=False,
        )
        return self._place(step.path, file)

    def _place(self, path: str, file: FileRow | None) -> str | None:
        old = self.after.get(path, self.before.get(path))
        size = self.size + (file.size if file else 0) - (old.size if old else 0)
        files = self.files + (file is not None) - (old is not None)
        if file is not None:
            excess = self._excess(size - self.size, size, files)
            if excess is not None:
                return excess
        self.size, self.files, self.after[path] = size, files, file
        return None

    def _excess(self, more: int, size: int, files: int) -> str | None:
        """Which bound of a bucket would be passed; what adds nothing always fits."""
        if more > 0 and size > self.most_bytes:
            return f"A bucket may hold {self.most_bytes} bytes. Delete files first."
        if self.most_files != NO_LIMIT and files > max(self.most_files, self.files):
            return (
                f"This would make {files} files, and a bucket of {self.bucket.namespace} may hold"
                f" {self.most_files}. Delete some or ask for more under Settings, Plan & quota."
            )
        return None


def apply(work: Work, bucket_id: RepoId, steps: Sequence[Step]) -> Outcome:
    """Change the files of a bucket, step by step.

    Raises:
        RepoNotFound, Unauthenticated, Forbidden, …: as `repos.lookup.lookup`.
    """
    bucket = lookup(work, bucket_id, Action.WRITE)
    require_still_may(work, bucket, Action.WRITE)
    holding = queries.locked(work, bucket.id)
    if holding is None:
        raise RepoNotFound
    desk = _desk(work, bucket, holding, steps)
    sources = supplies(work, bucket, [s for s in steps if not isinstance(s, DeleteFile)])
    problems = [(step.path, desk.take(step, sources)) for step in steps]
    _write(work, desk, holding.last_change)
    refused = [Refusal(path, why) for path, why in problems if why is not None]
    return Outcome(len(steps), refused, warning(work, bucket) or _crowding(desk))


def _crowding(desk: _Desk) -> str:
    """What to tell who fills a bucket that holds nearly as many files as it may."""
    if desk.most_files == NO_LIMIT or desk.files * 100 < desk.most_files * NEARLY_FULL:
        return ""
    name = desk.bucket.full_name
    return f"{name} holds {desk.files} of {desk.most_files} files. Delete some, or {MORE}"


def _desk(work: Work, bucket: Repo, holding: Holding, steps: Sequence[Step]) -> _Desk:
    return _Desk(
        bucket=bucket,
        most_bytes=work.hub.settings.limits.bucket_bytes,
        most_files=quotas_of(work, bucket.owner_id).bucket_files,
        # Read with the lock held, and never less than others were told: whoever follows from a
        # moment on must not miss what was written later.
        now=max(work.now, holding.changed_at),
        size=holding.size,
        files=holding.files,
        before=queries.files_at(work, bucket.id, [step.path for step in steps]),
        after={},
    )


def _write(work: Work, desk: _Desk, last_change: int) -> None:
    changes = list(_changes(desk, last_change))
    if not changes:
        return
    bucket = desk.bucket
    put = [file for file in desk.after.values() if file is not None]
    queries.put_files(work, bucket.id, put)
    queries.remove_files(work, bucket.id, [c.path for c in changes if c.op == "delete"])
    folders = [folder for file in put for folder in folders_above(file.path)]
    queries.touch_folders(work, bucket.id, folders, desk.now)
    queries.add_changes(work, bucket.id, changes, KEPT_CHANGES)
    after = Holding(desk.size, desk.files, changes[-1].number, desk.now)
    queries.write_holding(work, bucket.id, after)
    work.hub.crash_point("before-commit")
    detail = {"put": len(put), "deleted": len(changes) - len(put)}
    record_of(work, "bucket.content", bucket, detail)


def _changes(desk: _Desk, last_change: int) -> Iterator[ChangeRow]:
    number = last_change
    for path, file in desk.after.items():
        old = desk.before.get(path)
        if file is None and old is None:
            continue
        number += 1
        if file is None:
            yield ChangeRow(number, path, "delete", None, None, None, desk.now)
        else:
            op = "add" if old is None else "update"
            yield ChangeRow(number, path, op, file.size, file.xet_hash, file.mtime, desk.now)
