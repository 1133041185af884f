"""How much room the ref of a pull request takes that nothing else needs."""

from __future__ import annotations

from strata.blobs import pointer as pointers
from strata.blobs.pointer import MAX_POINTER_BYTES
from strata.community.discussions.rights import community_of, found
from strata.community.discussions.sides import Sides, changes_of, sides_of
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoId
from strata.lib.git import read as git
from strata.lib.git.model import SUBMODULE, ZERO
from strata.repos import queries as repos


def ref_bytes(call: Call, repo_id: RepoId, number: int) -> int:
    """About how many bytes are freed when the ref is deleted; 0 once it is merged or gone.

    What the pull request brings counts, the bytes of a large file instead of its pointer.

    Raises:
        RepoNotFound, Moved, RepoDisabled, Forbidden: as `rights.community_of`.
        NotFound: no discussion of this number. Malformed: it is no pull request.
    """
    repo = community_of(call, repo_id)
    discussion = found(call, repo, number)
    if not discussion.is_pull_request:
        raise Malformed(f"#{number} is a discussion and has no ref.")
    merged = discussion.merge_commit is not None
    if merged or repos.ref_commit(call, repo.id, discussion.ref) is None:
        return 0
    sides = sides_of(call, repo, discussion)
    return added_bytes(sides) if sides else 0


def added_bytes(sides: Sides) -> int:
    """The bytes of the files that a pull request adds or changes, equal ones once."""
    brought = {
        change.new_oid
        for change in changes_of(sides)
        if change.new_oid != ZERO and change.new_mode != SUBMODULE
    }
    small = git.read_blobs(sides.git_path, brought, MAX_POINTER_BYTES)
    large = {oid: parsed for oid, text in small.items() if (parsed := pointers.parse(text))}
    return sum(
        large[oid].size if oid in large else git.blob_size(sides.git_path, oid) for oid in brought
    )
