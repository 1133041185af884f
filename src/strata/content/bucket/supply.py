"""Where the bytes of a bucket's new files come from, and whether they may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from strata.blobs.keep import share
from strata.blobs.pointer import Pointer
from strata.blobs.present import keep_present
from strata.blobs.xet import held
from strata.content.bucket.steps import AddFile, CopyFile
from strata.core.call import Work
from strata.core.errors import StrataError
from strata.core.names import RepoId
from strata.repos.lookup import followed
from strata.repos.record import Repo

NOT_GIVEN: Final = "This bucket was not given a file with this Xet hash. Upload it first."
NOT_THERE: Final = "The source has no file with this Xet hash."


@dataclass(frozen=True, slots=True)
class Supply:
    """What one source offers."""

    files: Mapping[str, Pointer]  # by Xet hash
    lack: str  # why anything else cannot be had


Supplies = Mapping[RepoId | None, Supply]  # None: what was uploaded for the bucket itself


def supplies(work: Work, bucket: Repo, steps: Sequence[AddFile | CopyFile]) -> Supplies:
    """Find the bytes that new files name, and keep any sweep from them; copies are given now.

    A source that the caller may not read has nothing, and says so as one that does not exist.
    """
    wanted: dict[RepoId | None, list[str]] = {}
    for step in steps:
        source = step.source if isinstance(step, CopyFile) else None
        wanted.setdefault(source, []).append(step.xet_hash)
    return {
        source: _uploaded(work, bucket, hashes)
        if source is None
        else _copied(work, bucket, source, hashes)
        for source, hashes in wanted.items()
    }


def _uploaded(work: Work, bucket: Repo, hashes: list[str]) -> Supply:
    files = held.given(work, bucket, hashes)
    if keep_present(work, bucket, [file.oid for file in files.values()]):
        files = held.given(work, bucket, hashes)  # a sweep may have been faster
    return Supply(files, NOT_GIVEN)


def _copied(work: Work, bucket: Repo, source_id: RepoId, hashes: list[str]) -> Supply:
    try:
        source = followed(work, source_id)
    except StrataError as refused:
        return Supply({}, refused.message)
    files = held.readable(work, source, hashes)
    gone = set(share(work, source, bucket, [file.oid for file in files.values()]))
    return Supply({name: file for name, file in files.items() if file.oid not in gone}, NOT_THERE)
