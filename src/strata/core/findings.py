"""What `strata doctor` finds: each room looks after its own, the command line shows it all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNSOUND = 9  # the exit code beside those of cli/exits.py


class Check(StrEnum):
    """What was looked at."""

    REFS = "refs"  # every ref's objects are in its repo
    GIT = "git"  # every git object can be read
    PROJECTION = "projection"  # what git itself sees of the refs
    POINTERS = "pointers"  # each pointer in git names bytes that the repo was given
    INDEX = "index"  # what lists filter by
    TAGS = "tags"  # how many repos are noted to have each tag
    BUCKETS = "buckets"  # what is noted of a bucket, and the files it has
    OBJECTS = "objects"  # the bytes of large files
    ATTACHMENTS = "attachments"  # files that people put into their texts
    AUDIT = "audit"  # the chain of what happened
    USAGE = "usage"  # what is noted of an owner's storage
    JOBS = "jobs"  # background work that gave up


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    check: Check
    place: str  # a repo's id, an object's hash, a job's number
    problem: str  # one sentence
    repo_id: int | None = None  # row id, for those that repair
    owner_id: int | None = None  # of a namespace, as well
