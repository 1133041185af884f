"""Merge trees in memory; what the merge made is packed like any commit."""

from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import MergeFlag, RepositoryOpenFlag

from strata.lib.git.model import EMPTY_TREE, MergeResult, StorePath
from strata.lib.git.reading.effort import changed, comparable, too_large
from strata.lib.git.store import reads, tree_of
from strata.lib.git.writing.packfile import ObjectKind, PackWriter

_KINDS: Final[dict[int, ObjectKind]] = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


def merge(path: StorePath, base: str | None, ours: str, theirs: str) -> MergeResult:
    """Merge two commits or trees over their base (None: they share nothing).

    The merged tree is on the disk when this returns; nothing is written on a conflict. Renames
    are followed, and lines merged, as far as `effort` allows.

    Raises:
        ObjectMissing: one of the three is absent.
    """
    return _merged(path, base, ours, theirs, Path(path))


def conflicting(path: StorePath, base: str | None, ours: str, theirs: str) -> tuple[str, ...]:
    """Name the files that `merge` could not merge, in order; writes nothing.

    Raises:
        ObjectMissing: one of the three is absent.
    """
    return _tried(path, base, ours, theirs, Path(path))


@reads
def _tried(
    repo: pygit2.Repository, base: str | None, ours: str, theirs: str, path: Path
) -> tuple[str, ...]:
    made = _Memory()
    index = _merge_trees(repo, _scratch(path, made), made, (base, ours, theirs))
    return index if isinstance(index, tuple) else _conflicts(index)


@reads
def _merged(
    repo: pygit2.Repository, base: str | None, ours: str, theirs: str, path: Path
) -> MergeResult:
    made = _Memory()
    scratch = _scratch(path, made)
    index = _merge_trees(repo, scratch, made, (base, ours, theirs))
    if isinstance(index, tuple):
        return MergeResult(None, index)
    if conflicts := _conflicts(index):
        return MergeResult(None, conflicts)
    tree = index.write_tree(scratch)
    pack = PackWriter(path)
    for kind, content in made.objects.values():
        pack.add(_KINDS[kind], content)
    pack.finish()
    return MergeResult(str(tree), ())


def _merge_trees(
    repo: pygit2.Repository,
    scratch: pygit2.Repository,
    made: "_Memory",
    commits: tuple[str | None, str, str],
) -> pygit2.Index | tuple[str, ...]:
    """Merge over a base (None: nothing is shared); new blobs go to `made`.

    Returns:
        The merged index, which may have conflicts, or the files that are too large to merge.
    """
    base, ours, theirs = commits
    ancestor = tree_of(repo, base).id if base else pygit2.Oid(hex=EMPTY_TREE)
    if base is None:
        made.write_cb(ancestor, b"", 2)
    sides = (ancestor, tree_of(repo, ours).id, tree_of(repo, theirs).id)
    bottom, left, right = (scratch[side].peel(pygit2.Tree) for side in sides)
    ours_changed, theirs_changed = (changed(repo, bottom, side) for side in (left, right))
    if large := too_large(ours_changed, theirs_changed):
        return large
    renames = MergeFlag.FIND_RENAMES if comparable(ours_changed, theirs_changed) else MergeFlag(0)
    return scratch.merge_trees(bottom, left, right, flags=renames)


def _conflicts(index: pygit2.Index) -> tuple[str, ...]:
    if index.conflicts is None:
        return ()
    return tuple(sorted({_name(sides) for sides in index.conflicts}))


def _name(sides: tuple[pygit2.IndexEntry | None, ...]) -> str:
    """Return the path at which the sides of a conflict differ."""
    return next(str(side.path) for side in reversed(sides) if side is not None)


def _scratch(path: Path, made: "_Memory") -> pygit2.Repository:
    """Open a repository whose new objects land in memory."""
    scratch = pygit2.Repository(str(path), RepositoryOpenFlag.BARE)
    objects = str(path / "objects")
    odb = pygit2.Odb()
    odb.add_backend(made, 2)
    odb.add_backend(pygit2.OdbBackendPack(objects), 1)
    scratch.set_odb(odb)
    return scratch


class _Memory(pygit2.OdbBackend):
    """An object database in memory, as libgit2 wants its callbacks named."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[bytes, tuple[int, bytes]] = {}

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        return self.objects[oid.raw]

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        kind, content = self.objects[oid.raw]
        return kind, len(content)

    def read_prefix_cb(self, prefix: pygit2.Oid) -> tuple[int, bytes, pygit2.Oid]:
        raise KeyError(prefix)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        return oid.raw in self.objects

    def exists_prefix_cb(self, prefix: pygit2.Oid) -> pygit2.Oid:
        raise KeyError(prefix)

    def write_cb(self, oid: pygit2.Oid, content: bytes, kind: int) -> None:
        self.objects[oid.raw] = (kind, bytes(content))

    def refresh_cb(self) -> None:
        """Find nothing new: only this process writes here."""
