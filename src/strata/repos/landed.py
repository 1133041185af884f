"""The one way out for writing: whoever moves a ref ends here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from strata.core.call import Work
from strata.core.errors import ParentMoved, RepoNotFound
from strata.core.names import Sha
from strata.events.audit.naming import moves_by_type
from strata.events.facts import record_of
from strata.lib.db.statements import upsert
from strata.repos.record import Repo
from strata.repos.tables import refs, repos


class How(StrEnum):
    """In which way refs were moved, for the audit log."""

    COMMIT = "commit"
    PUSH = "push"  # by git
    SQUASH = "squash"
    REWRITE = "rewrite"  # files were taken out of history


@dataclass(frozen=True, slots=True)
class Move:
    """One ref and where it goes; None means that it does not exist before, or after."""

    ref: str  # "refs/heads/main"
    old: Sha | None  # commit the mover saw
    new: Sha | None  # commit it shall point at
    target: Sha | None = None  # object of an annotated tag; default: `new`
    forced: bool = False  # `new` does not follow on `old`


def landed(
    work: Work,
    repo: Repo,
    *moves: Move,
    how: How = How.COMMIT,
    rewritten: Mapping[str, str] | None = None,
) -> None:
    """Move refs by compare-and-swap and record the fact, which queues what reacts to it.

    The audit log has a line of its own for each kind of move that one push makes.

    Args:
        rewritten: when history was written anew: the old commits and the new ones.

    Raises:
        ParentMoved: a ref is no longer where the mover saw it; nothing is moved.
        RepoNotFound: the repo was deleted meanwhile.
    """
    _step(work, repo)  # before the refs, as whoever deletes the repo
    for move in moves:
        _swap(work, repo, move)
    told = [_told(move) for move in moves]
    detail = {"refs": told} | ({} if how is How.COMMIT else {"how": how.value})
    record_of(work, "repo.content", repo, detail, rewritten=rewritten)
    for type_, others in list(moves_by_type(detail).items())[1:]:
        record_of(work, type_, repo, {"refs": others})


def _step(work: Work, repo: Repo) -> None:
    living = sa.and_(repos.c.id == repo.id, repos.c.deleted_at.is_(None))
    values = {"generation": repos.c.generation + 1, "updated_at": work.now}
    if work.db.execute(sa.update(repos).where(living).values(**values)).rowcount == 0:
        raise RepoNotFound


def _told(move: Move) -> dict[str, object]:
    told: dict[str, object] = {"ref": move.ref, "old": move.old, "new": move.new}
    return told | ({"forced": True} if move.forced else {})


def _swap(work: Work, repo: Repo, move: Move) -> None:
    here = sa.and_(refs.c.repo_id == repo.id, refs.c.name == move.ref)
    position = {"target": move.target or move.new, "commit_sha": move.new, "moved_at": work.now}
    if move.old is not None:
        still = sa.and_(here, refs.c.commit_sha == move.old)
        change = sa.update(refs).values(**position) if move.new else sa.delete(refs)
        swapped = work.db.execute(change.where(still)).rowcount
    elif move.new is not None:
        fresh = upsert(work.db, refs).values(repo_id=repo.id, name=move.ref, **position)
        swapped = work.db.execute(fresh.on_conflict_do_nothing()).rowcount
    else:
        raise ValueError(move)
    if swapped != 1:
        raise ParentMoved
