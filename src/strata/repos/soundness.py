"""Does the refs table agree with the bare repositories? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from strata.core.call import Call, working
from strata.core.findings import Check, Finding
from strata.lib.git import read as git
from strata.lib.git.model import Ref
from strata.lib.git.upkeep.fsck import unreadable
from strata.lib.git.writing.refs import projected_generation
from strata.repos import queries
from strata.repos.projection import projected, shown
from strata.repos.record import Repo
from strata.repos.tables import repos


def living(call: Call) -> Iterator[Repo]:
    """Every repo, oldest first, however long the reader takes for each."""
    last = 0
    while True:
        found = call.db.scalar(
            sa.select(sa.func.min(repos.c.id)).where(
                repos.c.id > last, repos.c.deleted_at.is_(None)
            )
        )
        if found is None:
            return
        last = found
        repo = queries.repo_by_id(call, found)
        if repo is not None:
            yield repo


def unsound_refs(call: Call) -> Iterator[Finding]:
    """Look at every repo: is it there, readable, and are the objects of its refs in it?"""
    for repo in living(call):
        if not repo.type.has_git:
            continue
        path = call.hub.git_path(repo.key)
        if not git.exists(path):
            yield _finding(Check.GIT, repo, f"the bare repository {path} is missing")
            continue
        known = shown(call, repo)
        tip = next((ref.oid for ref in known), None)
        # Once more before we say so: a repack may have taken a pack away under git's feet.
        broken = unreadable(path, tip) and unreadable(path, tip)
        if broken is not None:
            yield _finding(Check.GIT, repo, f"git cannot read it: {broken}")
        for ref in known:
            problem = _problem_of(path, ref)
            if problem is not None:
                yield _finding(Check.REFS, repo, f"{ref.name} {problem}")
        if _misprojected(call, repo, path):
            yield _finding(Check.PROJECTION, repo, "packed-refs differs from the refs table")


def reproject(call: Call, repo_row_id: int) -> None:
    """Write the projection of a repo anew; opens its own transaction.

    A new generation makes every process look again, also at one that was tampered with.
    """
    with working(call) as work:
        work.db.execute(
            sa.update(repos)
            .where(repos.c.id == repo_row_id)
            .values(generation=repos.c.generation + 1)
        )
    repo = queries.repo_by_id(call, repo_row_id)
    if repo is not None:
        projected(call, repo)


def _problem_of(path: Path, ref: Ref) -> str | None:
    commit = ref.peeled or ref.oid
    try:
        git.commit_facts(path, commit)
        tagged = git.peel(path, ref.oid) or ref.oid
    except git.ObjectMissing:
        return f"points at {ref.oid}, whose commit {commit} is not in the repo"
    return None if tagged == commit else f"is noted as {commit} but leads to {tagged}"


def _misprojected(call: Call, repo: Repo, path: Path) -> bool:
    """Whether git sees something else than the table; one that merely lags is written on use."""
    there = projected_generation(path)
    if there is None or there < repo.generation:
        return False
    differs = _packed(path) != {ref.name: ref.oid for ref in shown(call, repo)}
    now = queries.repo_by_id(call, repo.id) if differs else None
    return now is not None and there == now.generation == repo.generation


def _packed(path: Path) -> dict[str, str]:
    try:
        lines = (path / "packed-refs").read_text("utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return {}
    pairs = (line.partition(" ") for line in lines if line[:1] not in ("#", "^"))
    return {name: oid for oid, _, name in pairs}


def _finding(check: Check, repo: Repo, problem: str) -> Finding:
    return Finding(check, repo.web_path.removeprefix("/"), problem, repo.id)
