"""Delete large files for good: their bytes, and if wished every trace of them in history.

Rewriting reads all of history but writes one pack, and lands as one transaction that moves every
ref and gives the bytes up. Until it commits nothing has changed for anyone; a crash leaves a pack
that no ref names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from strata.access.policy.verbs import Action
from strata.blobs import pointer as pointers
from strata.blobs.inventory.holdings import give_up, require_held
from strata.blobs.inventory.queries import unwanted_everywhere
from strata.blobs.pointer import MAX_POINTER_BYTES
from strata.content import queries
from strata.content.moment import require_still_may
from strata.content.rewriting.counting import history_went
from strata.content.rewriting.repacking import GRACE
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, ParentMoved, RepoNotFound, TooLarge
from strata.core.names import Oid, RepoId, Sha, is_oid
from strata.events.facts import record_of
from strata.events.jobs import enqueue
from strata.lib.git import write as git
from strata.repos import queries as records
from strata.repos.landed import How, Move, landed
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.sessions.signed_in.sudo import require_sudo

MAX_FILES: Final = 1_000
# Each loss means that somebody else's commit landed, and costs a rewrite of that commit alone.
MAX_ATTEMPTS: Final = 50
SOON: Final = timedelta(minutes=1)  # by then what was under way has landed


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """Histories that stand beside the old ones, ready to take their place."""

    moves: Sequence[Move]
    commits: Mapping[str, str]  # old → new


def delete_large_files(
    call: Call, repo_id: RepoId, oids: Sequence[str], *, rewrite_history: bool
) -> None:
    """Delete large files of a repo for good, all of them or none; opens its own transaction.

    Without `rewrite_history` commits keep pointers to bytes that cannot be had any more.

    Raises:
        RepoNotFound, Forbidden, …: as `repos.lookup.lookup`; it takes the right to manage the repo.
        ProofNeeded: a session must show once more who sits there.
        TooLarge, Malformed: more than 1,000 files, or what is no sha256.
        NotFound: the repo has no such large file.
        ParentMoved: others did not stop committing.
    """
    repo = lookup(call, repo_id, Action.MANAGE)
    require_sudo(call)
    wanted = _checked(oids)
    require_held(call, repo, wanted)
    if rewrite_history:
        _rewrite(
            call, repo, frozenset(wanted), lambda work: _give_up_everywhere(work, repo, wanted)
        )
        return
    with working(call) as work:
        require_still_may(work, repo, Action.MANAGE)
        _give_up(work, repo, wanted, rewritten=False)


def _checked(oids: Sequence[str]) -> list[Oid]:
    if len(oids) > MAX_FILES:
        raise TooLarge(f"Delete at most {MAX_FILES} files at once.")
    for oid in oids:
        if not is_oid(oid):
            raise Malformed(
                f'"sha" must hold the fileOid of large files: {oid[:80]!r} is no sha256'
            )
    return list(dict.fromkeys(Oid(oid) for oid in oids))


def _rewrite(call: Call, repo: Repo, doomed: frozenset[Oid], then: Callable[[Work], None]) -> None:
    """Write all histories anew without files, and move every ref that changes.

    Args:
        then: done in the transaction that moves the refs.
    """
    path = call.hub.git_path(repo.key)

    def unwanted(content: bytes) -> bool:
        found = pointers.parse(content)
        return found is not None and found.oid in doomed

    with git.Batch(path) as batch:
        rewrite = git.Rewrite(batch.store, unwanted, MAX_POINTER_BYTES)
        for _ in range(MAX_ATTEMPTS):
            here = records.repo_by_id(call, repo.id)  # before the refs are read
            if here is None:
                raise RepoNotFound
            rows = queries.all_refs(call, repo.id)
            ids = rewrite.apply(path, [oid for row in rows for oid in (row.target, row.commit)])
            batch.flush()
            call.hub.crash_point("after-pack")
            moves = [
                Move(row.name, row.commit, Sha(ids[row.commit]), Sha(ids[row.target]))
                for row in rows
                if ids[row.target] != row.target
            ]
            if _landed(call, here, _Rewritten(moves, rewrite.moved()), then):
                call.hub.crash_point("after-commit")
                return
    raise ParentMoved


def _landed(call: Call, seen: Repo, done: _Rewritten, then: Callable[[Work], None]) -> bool:
    """Move all refs and do the rest, at once; False when any ref moved since `seen`."""
    try:
        with working(call) as work:
            require_still_may(work, seen, Action.MANAGE)
            if done.moves:
                landed(work, seen, *done.moves, how=How.REWRITE, rewritten=done.commits)
            _require_unmoved(work, seen.id, seen.generation + bool(done.moves))
            then(work)
            call.hub.crash_point("before-commit")
    except ParentMoved:
        return False
    return True


def _require_unmoved(work: Work, repo_row_id: int, generation: int) -> None:
    if not records.stands_at(work, repo_row_id, generation):
        raise ParentMoved


def _give_up_everywhere(work: Work, repo: Repo, oids: Sequence[Oid]) -> None:
    _give_up(work, repo, oids, rewritten=True)
    enqueue(work, FinishRewrite(repo.id), after=SOON)
    # As long as old commits are there, a branch can begin at one: a last look before they go.
    enqueue(work, FinishRewrite(repo.id), key=f"{FinishRewrite.kind}:last:{repo.id}", after=GRACE)
    history_went(work, repo.id)


def _give_up(work: Work, repo: Repo, oids: Sequence[Oid], *, rewritten: bool) -> None:
    give_up(work, repo, oids, everywhere=rewritten)
    detail = {"files": len(oids), "rewriteHistory": rewritten}
    record_of(work, "repo.delete_lfs_file", repo, detail)


def finish_rewrite(call: Call, repo: Repo) -> None:
    """Rewrite what refs reach of files that were given up everywhere: mostly nothing.

    A branch or pull request that began before the rewrite may have appeared after it.
    """
    doomed = unwanted_everywhere(call, repo.id)
    if doomed:
        _rewrite(call, repo, doomed, lambda _work: None)


@dataclass(frozen=True, slots=True)
class FinishRewrite:
    """Look once more at a repo whose history was rewritten."""

    kind: ClassVar[str] = "content.finish_rewrite"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = records.repo_by_id(call, self.repo_id)
        if repo is not None:
            finish_rewrite(call, repo)
