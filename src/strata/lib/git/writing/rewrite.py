"""Take files out of history: the same commits without them, as one pack.

Commits and annotated tags keep their authors, times and messages byte for byte. What a file's
absence changes gets a new id, and loses a signature that would no longer hold; all else stays the
very object that it is. Folders left empty vanish, commits left without a change stay.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pygit2
from pygit2.enums import ObjectType, SortMode

from strata.lib.git.model import FOLDER, SUBMODULE, StorePath
from strata.lib.git.reading.tree import Line, sort_key, tree_bytes, tree_lines
from strata.lib.git.store import oid_of, reads
from strata.lib.git.writing.edit import AddObject, join_lines

# Headers that vouch for the bytes of an object; each may go on over lines that begin with a space.
_SIGNED = re.compile(rb"^(?:gpgsig|gpgsig-sha256|mergetag) .*\n(?: .*\n)*", re.MULTILINE)
_TREE = re.compile(rb"\Atree [0-9a-f]{40}$", re.MULTILINE)
_PARENT = re.compile(rb"^parent ([0-9a-f]{40})$", re.MULTILINE)
_OBJECT = re.compile(rb"\Aobject [0-9a-f]{40}$", re.MULTILINE)
_TAG_SIGNATURE = re.compile(rb"^-----BEGIN [A-Z ]*(?:SIGNATURE|MESSAGE)-----$", re.MULTILINE)


@dataclass(slots=True)
class Rewrite:
    """One store's histories without the blobs that `unwanted` names.

    Only blobs of at most `max_size` bytes are read and shown to `unwanted`. What was rewritten
    once is remembered, so histories may be given piece by piece; nothing is durable before the
    batch behind `add` is flushed.
    """

    add: AddObject  # `Batch.store`
    unwanted: Callable[[bytes], bool]
    max_size: int
    _ids: dict[str, str] = field(default_factory=dict)  # commits and tags: old → new
    _trees: dict[bytes, bytes | None] = field(default_factory=dict)  # None: nothing is left
    _blobs: dict[bytes, bool] = field(default_factory=dict)  # unwanted?

    def apply(self, path: StorePath, tips: Iterable[str]) -> dict[str, str]:
        """Rewrite what the tips (commits or annotated tags of commits) reach; old id → new id.

        A tip that reaches nothing unwanted is given back as it is.

        Raises:
            ObjectMissing: history has a hole.
        """
        wanted = list(dict.fromkeys(tips))
        reads(self._reach)(path, [tip for tip in wanted if tip not in self._ids])
        return {tip: self._ids[tip] for tip in wanted}

    def moved(self) -> dict[str, str]:
        """Every commit that was written anew so far, and the one in its place."""
        return {old: new for old, new in self._ids.items() if old != new}

    def _reach(self, repo: pygit2.Repository, tips: list[str]) -> None:
        found = [repo[oid_of(tip)] for tip in tips]
        commits = {tip.peel(pygit2.Commit).id for tip in found}
        if not commits:
            return
        first, *others = commits
        walker = repo.walk(first, SortMode.TOPOLOGICAL | SortMode.REVERSE)
        for other in others:
            walker.push(other)
        for commit in walker:
            if str(commit.id) not in self._ids:
                self._commit(repo, commit)
        for tip in found:
            if isinstance(tip, pygit2.Tag):
                self._tag(repo, tip)

    def _tag(self, repo: pygit2.Repository, tag: pygit2.Tag) -> None:
        """Rewrite a tag object whose commit is done; tags of tags from the innermost out."""
        chain = [tag]
        while isinstance(below := repo[chain[-1].target], pygit2.Tag):
            chain.append(below)
        target = str(below.id)
        moved = self._ids[target]
        for link in reversed(chain):
            if moved == target:
                moved = str(link.id)
            else:
                moved = self.add("tag", _retargeted(link.read_raw(), moved)).hex()
            target = str(link.id)
            self._ids[target] = moved

    def _commit(self, repo: pygit2.Repository, commit: pygit2.Commit) -> None:
        """Rewrite a commit whose parents are done."""
        old = commit.tree_id.raw
        tree = self._tree(repo, old)
        parents = [str(parent) for parent in commit.parent_ids]
        if tree == old and all(self._ids[parent] == parent for parent in parents):
            self._ids[str(commit.id)] = str(commit.id)
            return
        kept = self.add("tree", b"") if tree is None else tree
        raw = _regrown(commit.read_raw(), kept.hex(), self._ids)
        self._ids[str(commit.id)] = self.add("commit", raw).hex()

    def _tree(self, repo: pygit2.Repository, root: bytes) -> bytes | None:
        # No recursion: a hostile tree may be deeper than Python's stack.
        pending = [root]
        while pending:
            tree = pending[-1]
            lines = [] if tree in self._trees else tree_lines(tree_bytes(repo, _oid(tree)))
            below = [oid for mode, _, oid in lines if mode == FOLDER and oid not in self._trees]
            if below:
                pending += below
                continue
            pending.pop()
            if tree not in self._trees:
                self._trees[tree] = self._without(repo, tree, lines)
        return self._trees[root]

    def _without(self, repo: pygit2.Repository, tree: bytes, lines: list[Line]) -> bytes | None:
        """Write a folder whose own folders are done; None when nothing is left in it."""
        kept: list[Line] = []
        for mode, name, oid in lines:
            if mode == FOLDER:
                below = self._trees[oid]
                if below is not None:
                    kept.append((mode, name, below))
            elif mode == SUBMODULE or not self._is_unwanted(repo, oid):
                kept.append((mode, name, oid))
        if kept == lines:
            return tree
        raw = [(sort_key(mode, name), b"%o %s\0%s" % (mode, name, oid)) for mode, name, oid in kept]
        return self.add("tree", join_lines(raw)) if kept else None

    def _is_unwanted(self, repo: pygit2.Repository, blob: bytes) -> bool:
        known = self._blobs.get(blob)
        if known is None:
            kind, size = repo.odb.read_header(_oid(blob))
            small = kind == ObjectType.BLOB and size <= self.max_size
            known = small and self.unwanted(repo.odb.read(_oid(blob))[1])
            self._blobs[blob] = known
        return known


def _oid(raw: bytes) -> pygit2.Oid:
    return pygit2.Oid(raw=raw)


def _regrown(raw: bytes, tree: str, ids: dict[str, str]) -> bytes:
    """Give a raw commit another tree, and its parents the ids that they have now."""
    head, gap, message = raw.partition(b"\n\n")
    head = _TREE.sub(f"tree {tree}".encode(), head)
    head = _PARENT.sub(lambda line: f"parent {ids[line[1].decode()]}".encode(), head)
    return _SIGNED.sub(b"", head + b"\n").rstrip(b"\n") + gap + message


def _retargeted(raw: bytes, target: str) -> bytes:
    """Give a raw tag another target; the signature stands at the end of the message."""
    head, gap, message = raw.partition(b"\n\n")
    head = _SIGNED.sub(b"", _OBJECT.sub(f"object {target}".encode(), head) + b"\n")
    signature = _TAG_SIGNATURE.search(message)
    return head.rstrip(b"\n") + gap + (message[: signature.start()] if signature else message)
