"""Branches, tags, converts and pull requests of a repo (02 §E)."""

from __future__ import annotations

from dataclasses import dataclass, field

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.content import queries
from strata.content.authors import signature_of
from strata.content.moment import require_still_push
from strata.content.queries import RefRow
from strata.content.snapshot import MAIN, Snapshot, snapshot
from strata.content.writing.commit import lane
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, working
from strata.core.errors import AlreadyExists, Malformed, ParentMoved, RevisionNotFound
from strata.core.names import RepoId, Sha, is_sha
from strata.lib.git import write as git
from strata.lib.git.read import is_ancestor
from strata.lib.git.write import Note
from strata.lib.git.writing.refs import valid_ref_name
from strata.repos.landed import Move, landed
from strata.repos.lookup import lookup
from strata.repos.record import Repo

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
CONVERTS = "refs/convert/"
PULLS = "refs/pr/"
MAIN_REF = f"{BRANCHES}{MAIN}"


@dataclass(frozen=True, slots=True)
class RefEntry:
    """One ref as listings show it."""

    name: str  # "main"
    ref: str  # "refs/heads/main"
    commit: Sha


@dataclass(frozen=True, slots=True)
class RefList:
    """The refs of a repo by kind."""

    branches: list[RefEntry] = field(default_factory=list)
    tags: list[RefEntry] = field(default_factory=list)
    converts: list[RefEntry] = field(default_factory=list)
    pulls: list[RefEntry] = field(default_factory=list)


def list_refs(call: Call, repo_id: RepoId) -> RefList:
    """List the refs of a repo; `main` is the first branch.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
    """
    repo = lookup(call, repo_id, Action.LOOK)
    listed = RefList()
    kinds = {
        BRANCHES: listed.branches,
        TAGS: listed.tags,
        CONVERTS: listed.converts,
        PULLS: listed.pulls,
    }
    for row in queries.all_refs(call, repo.id):
        for prefix, entries in kinds.items():
            if row.name.startswith(prefix):
                entries.append(RefEntry(row.name.removeprefix(prefix), row.name, row.commit))
    listed.branches.sort(key=lambda entry: (entry.name != MAIN, entry.name))
    listed.pulls.sort(key=lambda entry: int(entry.name))
    return listed


def create_branch(
    call: Call,
    repo_id: RepoId,
    name: str,
    *,
    starting_point: str | None = None,
    empty: bool = False,
    overwrite: bool = False,
) -> None:
    """Make a branch from a revision, or with no history and no files.

    Raises:
        RevisionNotFound: no such starting point; checked before the right and the name.
        Malformed: a name that no branch may have.
        AlreadyExists: it is there, and `overwrite` was not given.
    """
    start = snapshot(call, repo_id, starting_point or MAIN)
    admit(call, Action.WRITE, start.repo)
    ref = branch_ref(name)
    new = _empty_commit(call, start) if empty else start.commit
    with lane(start.repo, ref):
        there = _row(call, start.repo, ref)
        if there is not None and not overwrite:
            raise _exists(ref)
        _require_room(call, start.repo, ref)
        old = there.commit if there else None
        forced = old is not None and not is_ancestor(start.git_path, old, new)
        _move(call, start.repo, Move(ref, old, new, forced=forced))


def delete_branch(call: Call, repo_id: RepoId, name: str) -> None:
    """Remove a branch; `main` stays.

    Raises:
        RevisionNotFound: there is no branch of this name.
        Malformed: it is `main`.
    """
    repo = lookup(call, repo_id)
    ref = f"{BRANCHES}{name}"
    _require_deletable(call, repo, ref, name)
    if ref == MAIN_REF:
        raise Malformed(f"Cannot delete {ref}")
    _delete(call, repo, ref, name)


def create_tag(
    call: Call, repo_id: RepoId, revision: str, name: str, message: str | None = None
) -> None:
    """Name a revision; with a message the tag is an object of its own.

    Raises:
        RevisionNotFound: no such revision; checked before the right and the name.
        Malformed: a name that no tag may have.
        AlreadyExists: there is such a tag.
    """
    at = snapshot(call, repo_id, revision)
    admit(call, Action.WRITE, at.repo)
    ref = tag_ref(name)
    if _row(call, at.repo, ref) is not None:
        raise _exists(ref)
    _require_room(call, at.repo, ref)
    target = None
    require_none_said(call, at.repo, f"{name}\n{message or ''}")
    if message:
        note = Note(signature_of(call.hub, call.actor), call.now, message)
        target = Sha(git.write_tag(at.git_path, at.commit, name, note))
    _move(call, at.repo, Move(ref, None, at.commit, target))


def delete_tag(call: Call, repo_id: RepoId, name: str) -> None:
    """Remove a tag.

    Raises:
        RevisionNotFound: there is no tag of this name.
    """
    repo = lookup(call, repo_id)
    ref = f"{TAGS}{name}"
    _require_deletable(call, repo, ref, name)
    _delete(call, repo, ref, name)


def branch_ref(name: str) -> str:
    """The ref of a branch.

    Raises:
        Malformed: no branch may be called so; clients know the text.
    """
    ref = f"{BRANCHES}{name}"
    if not acceptable(ref):
        raise Malformed(f"Invalid reference for a branch: {ref if _full(name) else name}")
    return ref


def tag_ref(name: str) -> str:
    """The ref of a tag.

    Raises:
        Malformed: no tag may be called so.
    """
    ref = f"{TAGS}{name}"
    if not acceptable(ref):
        raise Malformed(f"Invalid reference for a tag: {name}")
    return ref


def acceptable(ref: str) -> bool:
    """Whether a branch or tag may have this full name.

    Names that would hide another revision (`HEAD`, a sha, `refs/…`) are kept out.
    """
    name = ref.removeprefix(BRANCHES).removeprefix(TAGS)
    hides = name == "HEAD" or _full(name) or is_sha(name)
    return valid_ref_name(ref) and not hides and not name.startswith("-")


def blocked(call: Call, repo: Repo, ref: str) -> bool:
    """Whether another ref stands in the way: git keeps refs as files, so `a` and `a/b` exclude."""
    words = ref.split("/")
    above = ["/".join(words[:depth]) for depth in range(3, len(words))]
    return bool(queries.refs_among(call, repo.id, above)) or queries.refs_below(call, repo.id, ref)


def _full(name: str) -> bool:
    return name == "refs" or name.startswith("refs/")


def _require_room(call: Call, repo: Repo, ref: str) -> None:
    if blocked(call, repo, ref):
        raise AlreadyExists(
            f"Reference {ref} cannot stand beside a reference whose name is part of it"
        )


def _row(call: Call, repo: Repo, ref: str) -> RefRow | None:
    return queries.refs_among(call, repo.id, [ref]).get(ref)


def _exists(ref: str) -> AlreadyExists:
    return AlreadyExists(f"Reference {ref} already exists")


def _require_deletable(call: Call, repo: Repo, ref: str, name: str) -> None:
    if _row(call, repo, ref) is None:
        raise RevisionNotFound(name)
    admit(call, Action.WRITE, repo)


def _delete(call: Call, repo: Repo, ref: str, name: str) -> None:
    with lane(repo, ref):
        there = _row(call, repo, ref)
        if there is None:
            raise RevisionNotFound(name)
        _move(call, repo, Move(ref, there.commit, None))


def _move(call: Call, repo: Repo, move: Move) -> None:
    try:
        with working(call) as work:
            require_still_push(work, repo, move.ref)
            landed(work, repo, move)
    except ParentMoved:
        if move.old is None:
            raise _exists(move.ref) from None
        raise


def _empty_commit(call: Call, at: Snapshot) -> Sha:
    note = Note(signature_of(call.hub, call.actor), call.now, "Initial commit")
    return Sha(git.write_commit(at.git_path, None, (), (), note))
