"""Read history: commits, their order, and who last touched what."""

import functools
import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, islice
from typing import cast

import pygit2
from pygit2.enums import ObjectType, SortMode

from strata.lib.git.model import CommitFacts, ObjectMissing, StorePath
from strata.lib.git.reading.tree import tree_bytes, tree_lines
from strata.lib.git.store import oid_of, reads

_HEX = re.compile(r"[0-9a-f]{7,40}")
_COUNTS_KEPT = 4096


@reads
def commit_facts(repo: pygit2.Repository, sha: str) -> CommitFacts:
    """Return what a commit says.

    Raises:
        ObjectMissing: absent, or not a commit.
    """
    return _facts(_commit(repo, sha))


@reads
def expand_sha(repo: pygit2.Repository, prefix: str) -> str | None:
    """Return the commit that 7 to 40 hex digits name; a tag object's id gives its commit.

    None when nothing or more than one object begins so, or when it is no commit.
    """
    prefix = prefix.lower()
    if _HEX.fullmatch(prefix) is None:
        return None
    try:
        return str(repo[repo.expand_id(prefix)].peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


@reads
def peel(repo: pygit2.Repository, oid: str) -> str | None:
    """Return what an annotated tag points at in the end, or None when `oid` is no tag.

    Raises:
        ObjectMissing: absent.
    """
    found = repo[oid_of(oid)]
    if not isinstance(found, pygit2.Tag):
        return None
    while isinstance(found, pygit2.Tag):
        found = repo[found.target]
    return str(found.id)


@reads
def log(
    repo: pygit2.Repository, sha: str, limit: int, after: str | None = None
) -> list[CommitFacts]:
    """List a commit and its ancestors, newest first, `limit` of them.

    `after` is the last sha of the page before; when it is not in this history the page is empty.

    Raises:
        ObjectMissing: absent, or not a commit.
    """
    commits = _newest_first(repo, _commit(repo, sha))
    if after is not None:
        behind = oid_of(after)
        for commit in commits:
            if commit.id == behind:
                break
    return [_facts(commit) for commit in islice(commits, limit)]


def _newest_first(repo: pygit2.Repository, start: pygit2.Commit) -> Iterator[pygit2.Commit]:
    """Walk back by commit time as `git log` does, reading no further than is asked for.

    libgit2's walk by time puts commits of one second in any order, even parent before child.
    """
    turn = count()
    queue = [(-start.commit_time, next(turn), start)]
    seen = {start.id}
    while queue:
        _, _, commit = heapq.heappop(queue)
        yield commit
        for parent in commit.parent_ids:
            if parent not in seen:
                seen.add(parent)
                older = repo[parent].peel(pygit2.Commit)
                heapq.heappush(queue, (-older.commit_time, next(turn), older))


def count_commits(path: StorePath, sha: str) -> int:
    """Count a commit and its ancestors; the last few thousand answers are remembered.

    Raises:
        ObjectMissing: absent, or not a commit.
    """
    return _count(str(path), sha)


@functools.lru_cache(maxsize=_COUNTS_KEPT)
def _count(path: str, sha: str) -> int:
    return _count_walked(path, sha)


@reads
def _count_walked(repo: pygit2.Repository, sha: str) -> int:
    return sum(1 for _ in repo.walk(_commit(repo, sha).id, SortMode.NONE))


@reads
def is_ancestor(repo: pygit2.Repository, ancestor: str, descendant: str) -> bool:
    """Tell whether history leads from `descendant` to `ancestor`; a commit leads to itself.

    Raises:
        ObjectMissing: one of the commits is absent.
    """
    return leads_to(repo, ancestor, descendant)


def leads_to(repo: pygit2.Repository, ancestor: str, descendant: str) -> bool:
    """Tell whether `ancestor` is in the history of `descendant`, in an open repository."""
    older, newer = _commit(repo, ancestor).id, _commit(repo, descendant).id
    return older == newer or repo.descendant_of(newer, older)


@reads
def merge_base(repo: pygit2.Repository, one: str, two: str) -> str | None:
    """Return the best common ancestor of two commits, or None when they share no history.

    Raises:
        ObjectMissing: one of the commits is absent.
    """
    base = repo.merge_base(_commit(repo, one).id, _commit(repo, two).id)
    found = cast("pygit2.Oid | None", base)  # which pygit2's stub forgets
    return None if found is None else str(found)


@reads
def commits_beyond(
    repo: pygit2.Repository, sha: str, known: Sequence[str], limit: int
) -> list[CommitFacts]:
    """List a commit and its ancestors that none of the `known` ones lead to, newest first.

    Known commits that are absent hide nothing.

    Raises:
        ObjectMissing: absent, or not a commit.
    """
    walk = repo.walk(_commit(repo, sha).id, SortMode.TOPOLOGICAL | SortMode.TIME)
    for other in map(oid_of, known):
        if other in repo:
            walk.hide(other)
    return [_facts(commit) for commit in islice(walk, limit)]


@reads
def last_commits(
    repo: pygit2.Repository, commit: str, paths: Sequence[str]
) -> dict[str, CommitFacts]:
    """Return, for each path, the last commit that changed it; absent paths are left out.

    One walk serves all paths. Like `git log -- path` a merge that took a path unchanged from
    one parent is not its author: the walk follows that parent.

    Raises:
        ObjectMissing: absent, or not a commit.
    """
    return _LastTouch(repo).find(_commit(repo, commit), paths)


class _LastTouch:
    """One walk back through history, passing each path to a parent that has it unchanged."""

    def __init__(self, repo: pygit2.Repository) -> None:
        self._repo = repo
        self._folders: dict[bytes, dict[str, bytes]] = {}
        self._waiting: dict[pygit2.Oid, set[str]] = {}
        self._queue: list[tuple[int, int, pygit2.Oid]] = []
        self._found: dict[str, CommitFacts] = {}

    def find(self, start: pygit2.Commit, paths: Iterable[str]) -> dict[str, CommitFacts]:
        present = {path for path in paths if self._oid(start.tree_id, path) is not None}
        self._pass(start, present)
        while self._queue:
            _, _, oid = heapq.heappop(self._queue)
            pending = self._waiting.pop(oid, None)
            if pending:
                self._step(self._repo[oid].peel(pygit2.Commit), pending)
        return self._found

    def _step(self, commit: pygit2.Commit, pending: set[str]) -> None:
        """Hand on what a parent has too; what is left was changed here."""
        for parent in commit.parents:
            same = self._unchanged(commit.tree_id, parent.tree_id, pending)
            self._pass(parent, same)
            pending -= same
            if not pending:
                return
        facts = _facts(commit)
        self._found.update(dict.fromkeys(pending, facts))

    def _pass(self, commit: pygit2.Commit, paths: set[str]) -> None:
        if not paths:
            return
        waiting = self._waiting.setdefault(commit.id, set())
        if not waiting:
            turn = len(self._queue)
            heapq.heappush(self._queue, (-commit.commit_time, turn, commit.id))
        waiting.update(paths)

    def _unchanged(self, here: pygit2.Oid, there: pygit2.Oid, paths: set[str]) -> set[str]:
        if here == there:
            return set(paths)
        same: set[str] = set()
        by_folder: dict[str, list[str]] = {}
        for path in paths:
            by_folder.setdefault(path.rpartition("/")[0], []).append(path)
        for folder, members in by_folder.items():
            mine, theirs = self._oid(here, folder), self._oid(there, folder)
            if mine == theirs:
                same.update(members)
            elif mine is not None and theirs is not None:
                ours, other = self._names(mine[:20]), self._names(theirs[:20])
                names = {path: path.rpartition("/")[2] for path in members}
                same.update(path for path, name in names.items() if ours[name] == other.get(name))
        return same

    def _oid(self, root: pygit2.Oid, path: str) -> bytes | None:
        """Return id and mode of the entry at a path, as one comparable value."""
        found = root.raw
        for name in path.split("/") if path else ():
            line = self._names(found[:20]).get(name)
            if line is None:
                return None
            found = line
        return found

    def _names(self, tree: bytes) -> dict[str, bytes]:
        """Return name → id and mode of a tree's entries; what is no tree has none."""
        kept = self._folders.get(tree)
        if kept is None:
            kept = self._read(tree)
            if len(self._folders) > 64:  # neighbours in history share most folders, not old ones
                self._folders.clear()
            self._folders[tree] = kept
        return kept

    def _read(self, tree: bytes) -> dict[str, bytes]:
        try:
            found = self._repo[pygit2.Oid(raw=tree)]
        except KeyError:  # the commit a submodule points at lives elsewhere
            return {}
        if not isinstance(found, pygit2.Tree):
            return {}
        lines = tree_lines(tree_bytes(self._repo, found.id))
        return {name.decode("utf-8", "replace"): oid + b"%o" % mode for mode, name, oid in lines}


def _commit(repo: pygit2.Repository, sha: str) -> pygit2.Commit:
    found = repo[oid_of(sha)]
    if found.type != ObjectType.COMMIT:
        raise ObjectMissing(f"{sha} is not a commit")
    return found.peel(pygit2.Commit)


def _facts(commit: pygit2.Commit) -> CommitFacts:
    author, committer = commit.author, commit.committer
    return CommitFacts(
        sha=str(commit.id),
        tree=str(commit.tree_id),
        parents=tuple(str(parent) for parent in commit.parent_ids),
        author_name=_text(author.raw_name),
        author_email=_text(author.raw_email),
        authored_at=_moment(author.time),
        committer_name=_text(committer.raw_name),
        committer_email=_text(committer.raw_email),
        committed_at=_moment(committer.time),
        message=_text(commit.raw_message),
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _moment(seconds: int) -> datetime:
    """Return a commit's time; one that no calendar holds (a forged commit) becomes the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
