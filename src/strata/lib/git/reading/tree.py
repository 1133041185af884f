"""Walk trees: one entry by its path, listings in git's order, page by page."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import pygit2

from strata.lib.git.model import FOLDER, SUBMODULE, Entry, PathMissing
from strata.lib.git.store import reads, tree_of

Line = tuple[int, bytes, bytes]
"""One entry of a raw tree object: mode, name, 20-byte id."""

_LINE = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)


def tree_lines(raw: bytes) -> list[Line]:
    """Take a raw tree object apart, in its own order."""
    return [(int(mode, 8), name, oid) for mode, name, oid in _LINE.findall(raw)]


def sort_key(mode: int, name: bytes) -> bytes:
    """Return what git sorts a tree by: folders as if their names ended in a slash."""
    return name + b"/" if mode == FOLDER else name


@reads
def entry_at(repo: pygit2.Repository, commit: str, file_path: str) -> Entry | None:
    """Return what lies at a path ("" is the root folder), or None.

    Raises:
        ObjectMissing: there is no such commit.
    """
    root = tree_of(repo, commit)
    if not file_path:
        return Entry("", "directory", str(root.id), 0, FOLDER)
    found = _child(root, file_path)
    if found is None:
        return None
    return _entry(repo, file_path, int(found.filemode), found.id)


@reads
def list_tree(
    repo: pygit2.Repository,
    commit: str,
    folder: str = "",
    *,
    recursive: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """List a folder in git's order; `recursive` puts each folder before its contents.

    `after` is the path of the last entry of the page before: subtrees in front of it are not
    read again. `limit` None lists everything.

    Raises:
        ObjectMissing: there is no such commit.
        PathMissing: the commit has no such folder.
    """
    top = _folder(repo, commit, folder)
    prefix = f"{folder}/" if folder else ""
    resume = None
    if after is not None:
        resume = after.removeprefix(prefix).encode("utf-8", "surrogateescape").split(b"/")
    lines = _walk(repo, top.id, prefix, resume, recursive=recursive)
    return [_entry(repo, path, mode, oid) for path, mode, oid in islice(lines, limit)]


@reads
def tree_size(repo: pygit2.Repository, commit: str, folder: str = "") -> int:
    """Sum the bytes of the git blobs below a folder (of pointers, for LFS files).

    Raises:
        ObjectMissing: there is no such commit.
        PathMissing: the commit has no such folder.
    """
    lines = _walk(repo, _folder(repo, commit, folder).id, "", None, recursive=True)
    return sum(_size(repo, mode, oid) for _, mode, oid in lines)


def _folder(repo: pygit2.Repository, commit: str, folder: str) -> pygit2.Tree:
    root = tree_of(repo, commit)
    found = _child(root, folder) if folder else root
    if not isinstance(found, pygit2.Tree):
        raise PathMissing(f"no folder {folder!r} in {commit}")
    return found


def _child(root: pygit2.Tree, path: str) -> pygit2.Object | None:
    """Find a path below a tree; paths no tree can hold are simply not there."""
    if "\0" in path or not all(path.split("/")):
        return None
    try:
        path.encode()
        return root[path]
    except (KeyError, UnicodeEncodeError):
        return None


def _walk(
    repo: pygit2.Repository,
    tree: pygit2.Oid,
    prefix: str,
    resume: list[bytes] | None,
    *,
    recursive: bool,
) -> Iterator[tuple[str, int, pygit2.Oid]]:
    """Yield (path, mode, id) below a tree, from behind the `resume` path when there is one.

    No recursion: a hostile tree may be deeper than Python's stack.
    """
    stack = [(prefix, *_from(repo, tree, resume))]
    while stack:
        prefix, lines, mark, rest = stack[-1]
        line = next(lines, None)
        if line is None:
            stack.pop()
            continue
        mode, name, raw = line
        oid = pygit2.Oid(raw=raw)
        path = prefix + name.decode("utf-8", "replace")
        resumed = mark == sort_key(mode, name)
        if not resumed:
            yield path, mode, oid
        if recursive and mode == FOLDER:
            below = (rest or None) if resumed else None
            stack.append((f"{path}/", *_from(repo, oid, below)))


def _from(
    repo: pygit2.Repository, tree: pygit2.Oid, resume: list[bytes] | None
) -> tuple[Iterator[Line], bytes | None, list[bytes]]:
    """Return a tree's lines from where `resume` says, the sort key it names, and its rest."""
    lines = tree_lines(tree_bytes(repo, tree))
    if resume is None:
        return iter(lines), None, []
    mark = _mark(lines, resume)
    kept = (line for line in lines if sort_key(line[0], line[1]) >= mark)
    return kept, mark, resume[1:]


def _mark(lines: list[Line], resume: list[bytes]) -> bytes:
    """Return the sort key of the entry to go on behind of, at this level."""
    first = resume[0]
    if len(resume) > 1:
        return first + b"/"
    is_folder = any(mode == FOLDER and name == first for mode, name, _ in lines)
    return first + b"/" if is_folder else first


def tree_bytes(repo: pygit2.Repository, oid: pygit2.Oid) -> bytes:
    """Read a raw tree object."""
    _, raw = repo.odb.read(oid)
    return raw


def _entry(repo: pygit2.Repository, path: str, mode: int, oid: pygit2.Oid) -> Entry:
    return Entry(path, kind_of(mode), str(oid), _size(repo, mode, oid), mode)


def kind_of(mode: int) -> Literal["file", "directory", "submodule"]:
    """Name what a tree entry's mode says it is."""
    if mode == FOLDER:
        return "directory"
    return "submodule" if mode == SUBMODULE else "file"


def _size(repo: pygit2.Repository, mode: int, oid: pygit2.Oid) -> int:
    if mode in (FOLDER, SUBMODULE):
        return 0
    return repo.odb.read_header(oid)[1]
