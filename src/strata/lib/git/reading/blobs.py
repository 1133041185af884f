"""Read blobs: one, many small ones, or every blob that history still needs."""

from collections.abc import Iterable, Iterator

import pygit2
from pygit2.enums import ObjectType

from strata.lib.git.model import FOLDER, SUBMODULE, ObjectMissing, StorePath
from strata.lib.git.reading.tree import tree_bytes, tree_lines
from strata.lib.git.store import header_of, oid_of, opened, reads


@reads
def read_blob(repo: pygit2.Repository, oid: str) -> bytes:
    """Return a blob's bytes.

    Raises:
        ObjectMissing: absent, or not a blob.
    """
    kind, content = repo.odb.read(oid_of(oid))
    if kind != ObjectType.BLOB:
        raise ObjectMissing(f"{oid} is not a blob")
    return content


@reads
def blob_size(repo: pygit2.Repository, oid: str) -> int:
    """Return a blob's size in bytes without reading it.

    Raises:
        ObjectMissing: absent, or not a blob.
    """
    kind, size = header_of(repo, oid)
    if kind != ObjectType.BLOB:
        raise ObjectMissing(f"{oid} is not a blob")
    return size


@reads
def read_blobs(repo: pygit2.Repository, oids: Iterable[str], max_size: int) -> dict[str, bytes]:
    """Return the blobs of at most `max_size` bytes; larger and absent ones are left out."""
    return small_blobs(repo, oids, max_size)


def small_blobs(repo: pygit2.Repository, oids: Iterable[str], max_size: int) -> dict[str, bytes]:
    """Read those blobs of an open repository that are small enough."""
    found: dict[str, bytes] = {}
    odb = repo.odb
    for oid in oids:
        try:
            kind, size = header_of(repo, oid)
        except (KeyError, ObjectMissing):
            continue
        if kind == ObjectType.BLOB and size <= max_size:
            found[oid] = odb.read(oid_of(oid))[1]
    return found


def all_blobs(path: StorePath, tips: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield (oid, size) of every blob that `tips` (commits, tags, trees) reach, each once.

    Raises:
        ObjectMissing: history has a hole; nothing may be swept on the word of what came before.
    """
    repo = opened(path)
    seen: set[bytes] = set()
    try:
        for tree in _trees(repo, tips):
            yield from _blobs_below(repo, tree, seen)
    except (KeyError, pygit2.GitError) as failure:
        raise ObjectMissing(f"history has a hole: {failure}") from failure


def all_notes(path: StorePath, tips: Iterable[str]) -> Iterator[bytes]:
    """Yield every commit and tag that `tips` reach, as they are kept: authors and messages.

    Raises:
        ObjectMissing: history has a hole.
    """
    repo = opened(path)
    walker = repo.walk(None)
    try:
        for tip in tips:
            found = repo[oid_of(tip)]
            while isinstance(found, pygit2.Tag):
                yield found.read_raw()
                found = repo[found.target]
            if found.type == ObjectType.COMMIT:
                walker.push(found.id)
        yield from (commit.read_raw() for commit in walker)
    except (KeyError, pygit2.GitError) as failure:
        raise ObjectMissing(f"history has a hole: {failure}") from failure


def _trees(repo: pygit2.Repository, tips: Iterable[str]) -> Iterator[pygit2.Oid]:
    """Yield the root tree of every commit the tips reach."""
    commits: list[pygit2.Oid] = []
    for tip in tips:
        found = repo[oid_of(tip)]
        while isinstance(found, pygit2.Tag):
            found = repo[found.target]
        if found.type == ObjectType.COMMIT:
            commits.append(found.id)
        elif found.type == ObjectType.TREE:
            yield found.id
        elif found.type == ObjectType.BLOB:
            raise ObjectMissing(f"{tip} is a blob: its bytes hang on no tree")
    if not commits:
        return
    walker = repo.walk(commits[0])
    for more in commits[1:]:
        walker.push(more)
    for commit in walker:
        yield commit.tree_id


def _blobs_below(
    repo: pygit2.Repository, root: pygit2.Oid, seen: set[bytes]
) -> Iterator[tuple[str, int]]:
    pending = [root.raw]
    while pending:
        tree = pending.pop()
        if tree in seen:
            continue
        seen.add(tree)
        for mode, _, oid in tree_lines(tree_bytes(repo, pygit2.Oid(raw=tree))):
            if oid in seen or mode == SUBMODULE:
                continue
            if mode == FOLDER:
                pending.append(oid)
                continue
            seen.add(oid)
            yield oid.hex(), repo.odb.read_header(pygit2.Oid(raw=oid))[1]
