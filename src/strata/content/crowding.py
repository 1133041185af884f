"""How many files a repo and its folders may hold (product §3.17): refused on the way in, warned of.

Where a plan ended, a repo may hold more than it may: it takes whatever does not add to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from strata.access.policy.verbs import Action
from strata.accounts.plans.quotas import NO_LIMIT, quotas_of
from strata.content import queries
from strata.core.call import Call
from strata.core.errors import OverQuota
from strata.core.names import RepoId
from strata.lib.git import read as git
from strata.repos.lookup import lookup
from strata.repos.record import Repo

NEARLY_FULL: Final = 95  # percent
MORE: Final = "ask for more under Settings, Plan & quota."


class Holder(Protocol):
    """A repo, or one that is about to be made."""

    @property
    def owner_id(self) -> int: ...
    @property
    def full_name(self) -> str: ...


class Trees(Protocol):
    """Where commits are looked up: a repo, or what a push has brought so far."""

    def count_files(self, revision: str) -> int: ...
    def fullest_folder(
        self, revision: str, before: str | None, limit: int
    ) -> tuple[str, int] | None: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """The trees of a repo's own store."""

    git_path: Path

    def count_files(self, revision: str) -> int:
        return git.count_files(self.git_path, revision)

    def fullest_folder(
        self, revision: str, before: str | None, limit: int
    ) -> tuple[str, int] | None:
        return git.fullest_folder(self.git_path, revision, before, limit)


def require_uncrowded(
    call: Call, repo: Holder, trees: Trees, commit: str, before: str | None
) -> None:
    """Insist that a commit holds no more files than its repo may, in all and in each folder.

    Args:
        before: the commit that it follows; no folder is refused for what it has already.

    Raises:
        OverQuota: with the numbers, and what to do.
    """
    quotas = quotas_of(call, repo.owner_id)
    if quotas.repo_files != NO_LIMIT:
        files = trees.count_files(commit)
        had = trees.count_files(before) if before and files > quotas.repo_files else 0
        if files > max(quotas.repo_files, had):
            raise OverQuota(
                f"{repo.full_name} would hold {files} files, and may hold {quotas.repo_files}."
                f" Pack small files together, delete some, or {MORE}"
            )
    if quotas.folder_files != NO_LIMIT:
        fullest = trees.fullest_folder(commit, before, quotas.folder_files)
        if fullest is not None:
            raise OverQuota(
                f"The folder {fullest[0] or '/'} of {repo.full_name} would hold {fullest[1]} files"
                f" and folders, and may hold {quotas.folder_files}."
                f" Put some into folders below it, or {MORE}"
            )


def files_in(call: Call, repo_id: RepoId) -> int:
    """How many files stand on the main branch of a repo; 0 where there is none."""
    repo = lookup(call, repo_id, Action.LOOK)
    row = queries.refs_among(call, repo.id, ["refs/heads/main"]).get("refs/heads/main")
    return git.count_files(call.hub.git_path(repo.key), row.commit) if row else 0


def crowding(call: Call, repo: Repo, trees: Trees, commit: str) -> str:
    """What to tell who uploads to a repo that holds nearly as many files as it may."""
    most = quotas_of(call, repo.owner_id).repo_files
    files = trees.count_files(commit) if most != NO_LIMIT else 0
    if most == NO_LIMIT or files * 100 < most * NEARLY_FULL:
        return ""
    return f"{repo.full_name} holds {files} of {most} files. Pack small files together, or {MORE}"
