"""Build new trees from edits, reading and writing only the folders they touch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pygit2

from strata.lib.git.model import (
    EXECUTABLE,
    FILE,
    FOLDER,
    Delete,
    DeleteFolder,
    Edit,
    PathMissing,
    PathRefused,
    Put,
    PutBlob,
)
from strata.lib.git.paths import path_problem
from strata.lib.git.reading.tree import sort_key, tree_bytes, tree_lines
from strata.lib.git.store import oid_of
from strata.lib.git.writing.packfile import ObjectKind

AddObject = Callable[[ObjectKind, bytes], bytes]


@dataclass(slots=True)
class _Leaf:
    mode: int
    oid: bytes


@dataclass(slots=True)
class _Folder:
    """A folder that may change: `oid` is what it was read from, None once it differs."""

    oid: bytes | None
    children: dict[bytes, "_Leaf | _Folder"] | None = None
    written: bytes | None = field(default=None)


class TreeDraft:
    """A tree in the making: apply edits in order, then write what changed."""

    def __init__(self, repo: pygit2.Repository, base_tree: str | None) -> None:
        self._repo = repo
        self._root = _Folder(None, {})
        if base_tree is not None:
            raw = repo[oid_of(base_tree)].peel(pygit2.Tree).id.raw
            self._root = _Folder(raw)

    def apply(self, edit: Edit, add: AddObject) -> None:
        """Apply one edit; the content of a `Put` goes to `add`.

        Raises:
            PathRefused: the path may not be in a tree.
            PathMissing: what shall be deleted is not there.
        """
        problem = path_problem(edit.path)
        if problem is not None:
            raise PathRefused(f"the path {edit.path!r} {problem}")
        match edit:
            case Put():
                self._put(edit.path, edit.mode, add("blob", edit.content))
            case PutBlob():
                self._put(edit.path, edit.mode, bytes.fromhex(edit.oid))
            case Delete() | DeleteFolder():
                self._delete(edit.path, folder=isinstance(edit, DeleteFolder))

    def write(self, add: AddObject) -> str:
        """Write the folders that changed; return the id of the root tree, which may be empty."""
        return (self._write(self._root, add) or add("tree", b"")).hex()

    def _put(self, path: str, mode: int | None, oid: bytes) -> None:
        *folders, name = path.encode().split(b"/")
        parent = self._root
        for folder in folders:
            parent = self._enter(parent, folder)
        children = self._open(parent)
        if mode is None:
            there = children.get(name)
            keeps = isinstance(there, _Leaf) and there.mode == EXECUTABLE
            mode = EXECUTABLE if keeps else FILE
        children[name] = _Leaf(mode, oid)
        parent.oid = None

    def _enter(self, parent: _Folder, name: bytes) -> _Folder:
        """Return the folder of this name, in the place of a file if need be."""
        children = self._open(parent)
        found = children.get(name)
        if not isinstance(found, _Folder):
            found = _Folder(None, {})
            children[name] = found
        parent.oid = None
        return found

    def _delete(self, path: str, *, folder: bool) -> None:
        *folders, name = path.encode().split(b"/")
        trail = [self._root]
        for part in folders:
            found = self._open(trail[-1]).get(part)
            if not isinstance(found, _Folder):
                raise PathMissing(f"there is no {path!r} to delete")
            trail.append(found)
        children = self._open(trail[-1])
        if name not in children or isinstance(children[name], _Folder) is not folder:
            raise PathMissing(f"there is no {'folder' if folder else 'file'} {path!r} to delete")
        del children[name]
        self._prune(trail, folders)

    def _prune(self, trail: list[_Folder], names: list[bytes]) -> None:
        """Mark the folders above a deletion as changed; git knows no empty folders."""
        for folder in trail:
            folder.oid = None
        for parent, name, child in reversed(list(zip(trail, names, trail[1:], strict=False))):
            if child.children:
                return
            del self._open(parent)[name]

    def _open(self, folder: _Folder) -> dict[bytes, "_Leaf | _Folder"]:
        if folder.children is None:
            folder.children = {}
            if folder.oid is not None:
                raw = tree_bytes(self._repo, pygit2.Oid(raw=folder.oid))
                folder.children = {
                    name: _Folder(oid) if mode == FOLDER else _Leaf(mode, oid)
                    for mode, name, oid in tree_lines(raw)
                }
        return folder.children

    def _write(self, folder: _Folder, add: AddObject) -> bytes | None:
        """Return the tree's id, or None when nothing is left in it."""
        if folder.oid is not None:
            return folder.oid
        lines: list[tuple[bytes, bytes]] = []
        for name, child in self._open(folder).items():
            mode = FOLDER if isinstance(child, _Folder) else child.mode
            oid = self._write(child, add) if isinstance(child, _Folder) else child.oid
            if oid is not None:
                lines.append((sort_key(mode, name), b"%o %s\0%s" % (mode, name, oid)))
        return add("tree", join_lines(lines)) if lines else None


def join_lines(lines: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Join (sort key, raw entry) pairs to a raw tree object."""
    return b"".join(line for _, line in sorted(lines))
