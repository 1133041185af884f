"""The one way in for reading: a repo that the caller may read, at one commit.

Reading means the bytes of files; a door that shows no more than what a repo says of itself asks for
`Action.LOOK`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from strata.access.policy.verbs import Action
from strata.content import queries
from strata.core.call import Call
from strata.core.errors import RevisionNotFound
from strata.core.names import RepoId, Sha, is_sha
from strata.lib.git import read as git
from strata.repos.lookup import lookup
from strata.repos.record import Repo

MAIN = "main"
_SHORT = re.compile(r"[0-9a-f]{7,39}")
_LONGEST_REVISION = 1024  # characters; no ref is longer


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repo at a commit; whoever holds it was allowed to do what they asked for."""

    repo: Repo
    ref: str | None  # the branch, tag or pull request that was named; None for a bare sha
    commit: Sha
    git_path: Path

    @property
    def writable_ref(self) -> str | None:
        """The ref that a commit on this revision would move; tags and shas do not move."""
        ref = self.ref or ""
        return self.ref if ref.startswith(("refs/heads/", "refs/pr/")) else None


def snapshot(
    call: Call, repo_id: RepoId, revision: str = MAIN, action: Action = Action.READ
) -> Snapshot:
    """Settle repo, permission and commit at once (the order of product §4.2).

    `revision` is a branch (which wins over a tag of the same name), a tag, a full sha, 7 or more
    digits of one, a full ref name such as `refs/pr/1`, or `HEAD`, which is main.

    Raises:
        RepoNotFound, Moved, RepoDisabled, GatedRepo: as `repos.lookup.lookup`.
        RevisionNotFound: the repo has no such revision.
    """
    return snapshot_of(call, lookup(call, repo_id, action), revision)


def snapshot_of(call: Call, repo: Repo, revision: str) -> Snapshot:
    """Settle the commit of a repo that was looked up already.

    Raises:
        RevisionNotFound: the repo has no such revision.
    """
    path = call.hub.git_path(repo.key)
    if is_sha(revision):
        # No ref may be named like a sha (content/refs.py), so nothing can hide this commit.
        return Snapshot(repo, None, _existing(path, revision), path)
    named = _named(call, repo, revision)
    if named is not None:
        return Snapshot(repo, *named, path)
    if _SHORT.fullmatch(revision) and (full := git.expand_sha(path, revision)):
        return Snapshot(repo, None, Sha(full), path)
    raise RevisionNotFound(revision)


def snapshot_at(
    call: Call, repo_id: RepoId, revision: str, path: str, action: Action = Action.READ
) -> tuple[Snapshot, str]:
    """Settle a revision whose slashes may not have been encoded (@huggingface/hub).

    `/tree/feature/x/docs` arrives as revision `feature`, path `x/docs`; when there is no revision
    `feature`, the longest ref that the words spell is meant.

    Returns:
        The snapshot, and what is left of the path.
    """
    repo = lookup(call, repo_id, action)
    try:
        return snapshot_of(call, repo, revision), path
    except RevisionNotFound:
        found = _longest(call, repo, revision, path)
        if found is None:
            raise
        return found


def _existing(path: Path, sha: str) -> Sha:
    found = git.expand_sha(path, sha)
    if found != sha:  # absent, or an object that is no commit
        raise RevisionNotFound(sha)
    return Sha(sha)


def _named(call: Call, repo: Repo, revision: str) -> tuple[str, Sha] | None:
    wanted = MAIN if revision == "HEAD" else revision
    if not wanted or len(wanted) > _LONGEST_REVISION or "\0" in wanted:
        return None
    found = queries.refs_named(call, repo.id, wanted)
    for name in (f"refs/heads/{wanted}", f"refs/tags/{wanted}", wanted):
        if name in found:
            return name, found[name]
    return None


def _longest(call: Call, repo: Repo, revision: str, path: str) -> tuple[Snapshot, str] | None:
    words = path.split("/")[:20]
    for count in range(len(words), 0, -1):
        longer = "/".join([revision, *words[:count]])
        named = _named(call, repo, longer)
        if named is not None:
            rest = path.split("/")[count:]
            git_path = call.hub.git_path(repo.key)
            return Snapshot(repo, *named, git_path), "/".join(rest)
    return None
