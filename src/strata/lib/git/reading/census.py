"""How many files a tree holds, told from what is known of its folders.

Counts belong to the id of a tree, so they are true for ever and shared by all repositories: after a
commit only the folders that changed are read again. A tree that names the same folder many times,
which would unpack to more than any disk holds, costs no more than its distinct folders.
"""

import pygit2

from strata.lib.git.model import FOLDER, StorePath
from strata.lib.git.reading.tree import Line, tree_bytes, tree_lines
from strata.lib.git.store import reads, tree_of

MAX_KNOWN = 1 << 16  # trees whose counts are kept; forgotten all at once

_known: dict[bytes, int] = {}


def count_files(path: StorePath, revision: str) -> int:
    """Count the files (and submodules) of a commit or tree.

    Raises:
        ObjectMissing: there is no such commit.
    """
    return _count_at(path, revision)


def fullest_folder(
    path: StorePath, revision: str, before: str | None, limit: int
) -> tuple[str, int] | None:
    """Find a folder with more than `limit` entries that has grown since another revision.

    Returns the path of the folder ("" is the root) and how many entries it has.

    Raises:
        ObjectMissing: there is no such commit.
    """
    return _fullest_at(path, revision, before, limit)


def count_in(repo: pygit2.Repository, revision: str) -> int:
    """Count as `count_files` does, in an open repository."""
    root = tree_of(repo, revision).id.raw
    found: dict[bytes, int] = {}
    stack: list[tuple[bytes, list[Line] | None]] = [(root, None)]
    while stack:
        oid, lines = stack.pop()
        if oid in found:
            continue
        if oid in _known:
            found[oid] = _known[oid]
        elif lines is None:
            lines = tree_lines(tree_bytes(repo, pygit2.Oid(raw=oid)))
            stack.append((oid, lines))
            stack.extend((child, None) for mode, _, child in lines if mode == FOLDER)
        else:
            found[oid] = sum([found[child] if mode == FOLDER else 1 for mode, _, child in lines])
    _remember(found)
    return found[root]


def fullest_in(
    repo: pygit2.Repository, revision: str, before: str | None, limit: int
) -> tuple[str, int] | None:
    """Look as `fullest_folder` does, in an open repository; equal folders are not read."""
    old = tree_of(repo, before).id.raw if before else None
    stack: list[tuple[str, bytes, bytes | None]] = [("", tree_of(repo, revision).id.raw, old)]
    seen: set[tuple[bytes, bytes | None]] = set()
    while stack:
        path, here, there = stack.pop()
        if here == there or (here, there) in seen:
            continue
        seen.add((here, there))
        lines, former = _lines(repo, here), _lines(repo, there)
        if len(lines) > max(limit, len(former)):
            return path, len(lines)
        known = {name: oid for mode, name, oid in former if mode == FOLDER}
        for mode, name, oid in lines:
            if mode == FOLDER:
                below = f"{path}/{name.decode('utf-8', 'replace')}".lstrip("/")
                stack.append((below, oid, known.get(name)))
    return None


def _lines(repo: pygit2.Repository, oid: bytes | None) -> list[Line]:
    return tree_lines(tree_bytes(repo, pygit2.Oid(raw=oid))) if oid else []


def _remember(found: dict[bytes, int]) -> None:
    if len(_known) + len(found) > MAX_KNOWN:
        _known.clear()
    if len(found) <= MAX_KNOWN:
        _known.update(found)


_count_at = reads(count_in)
_fullest_at = reads(fullest_in)
