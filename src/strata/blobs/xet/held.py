"""Which Xet files a repo has. Knowing a hash is never enough.

Bytes are given to a repo by whoever sent them, or by a copy from a repo that the giver may read.
"""

from __future__ import annotations

from collections.abc import Iterable

from strata.blobs.pointer import Pointer
from strata.blobs.xet import queries
from strata.core.call import Call
from strata.repos.record import Repo


def given(call: Call, repo: Repo, hashes: Iterable[str]) -> dict[str, Pointer]:
    """The files that a repo was given, by their Xet hashes; unknown ones are left out."""
    return queries.files_given(call, repo.id, hashes)


def readable(call: Call, repo: Repo, hashes: Iterable[str]) -> dict[str, Pointer]:
    """Those that a reader of the repo may have: of a bucket only what a file of it is now.

    History keeps what a commit named. A bucket has none: what was deleted is gone at once, though
    its bytes stay until they are swept.
    """
    if repo.type.has_git:
        return queries.files_given(call, repo.id, hashes)
    return queries.files_named(call, repo.id, hashes)
