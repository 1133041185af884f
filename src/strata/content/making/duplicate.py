"""A repo made of another: the files of its main as they are, in one commit, without moving bytes.

History stays behind, as on the public Hub: what was deleted from the source, or stands on other
branches, shall not turn up in a copy that others may read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from strata.access.gates.admit import GATEABLE
from strata.blobs.inventory.holdings import keep_given_up
from strata.blobs.keep import share
from strata.blobs.quota.small import give_small
from strata.content.authors import signature_of
from strata.content.crowding import Stored, require_uncrowded
from strata.content.reading.tree import all_files
from strata.content.snapshot import Snapshot, snapshot
from strata.core.call import Call, Work, working
from strata.core.names import RepoId, Sha
from strata.events.facts import record_of
from strata.lib.git import read, write
from strata.lib.git.write import Note
from strata.repos import change, create as records
from strata.repos.create import Draft, Wish
from strata.repos.landed import Move, landed
from strata.repos.record import Repo
from strata.sessions.signed_in.sudo import require_sudo

TITLE: Final = "Duplicate from {source}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the copy shall stand."""

    namespace: str
    name: str
    private: bool | None = None  # None: as the source


def duplicate(call: Call, source_id: RepoId, place: Place) -> Repo:
    """Copy a repo; opens its own transaction.

    A gate goes with the files: it is the new owner's to change.

    Raises:
        RepoNotFound, GatedRepo, Moved, …: as `content.snapshot` for the source.
        Forbidden, Malformed, AlreadyExists, …: as `repos.create.settle` for the copy.
        OverQuota: the plan of the copy's owner has no room for it, or not for so many files.
        ProofNeeded: what is hidden shall be shown to everybody, as in `repos.change`.
    """
    source = snapshot(call, source_id)
    draft = records.settle(call, _wish(source.repo, place))
    if source.repo.private and not draft.private:
        require_sudo(call)
    require_uncrowded(call, draft, Stored(source.git_path), source.commit, None)
    commit = _commit(call, source, draft)
    large = {file.pointer.oid for file in all_files(call, source) if file.pointer}
    with working(call) as work:
        repo = records.insert(work, draft)
        lacking = share(work, source.repo, repo, sorted(large))
        keep_given_up(work, source.repo, repo, lacking)
        landed(work, repo, Move("refs/heads/main", None, commit))
        give_small(work, repo, read.tree_size(source.git_path, source.commit))
        record_of(work, "repo.duplicate", repo, {"from": source.repo.full_name})
        return _gated(work, repo, source.repo)


def _wish(source: Repo, place: Place) -> Wish:
    private = source.private if place.private is None else place.private
    return Wish(source.type, place.namespace, place.name, private=private, sdk=source.sdk)


def _commit(call: Call, source: Snapshot, draft: Draft) -> Sha:
    """Bring the files into a new store, as one commit of the caller; visible to nobody yet."""
    store = call.hub.git_path(draft.key)
    tree = read.commit_facts(source.git_path, source.commit).tree
    write.copy_reachable(source.git_path, store, [tree])
    title = TITLE.format(source=source.repo.full_name)
    note = Note(signature_of(call.hub, call.actor), call.now, title)
    return Sha(write.commit_tree(store, tree, (), note))


def _gated(work: Work, repo: Repo, source: Repo) -> Repo:
    if source.gated is None or repo.type not in GATEABLE:
        return replace(repo, generation=repo.generation + 1)
    gate = change.Settings(gated=source.gated, gate_members=source.gate_members)
    return change.change_settings(work, repo.repo_id, gate)
