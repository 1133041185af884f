"""Find blobs by their ids: at which paths they stand, or stood."""

from collections.abc import Iterable, Iterator

import pygit2
from pygit2.enums import SortMode

from strata.lib.git.model import FOLDER, SUBMODULE
from strata.lib.git.reading.tree import tree_bytes, tree_lines
from strata.lib.git.store import oid_of, reads, tree_of


@reads
def paths_of(
    repo: pygit2.Repository, tips: Iterable[str], blobs: Iterable[str], *, history: bool = False
) -> dict[str, tuple[str, str]]:
    """Return (tip, path) for each blob that a tip's tree holds; absent ones are left out.

    With `history` the trees of all commits that the tips reach are looked at, newest first, until
    every blob is found. No folder is read twice.

    Raises:
        ObjectMissing: a tip is absent, or history has a hole.
    """
    missing = {bytes.fromhex(blob) for blob in blobs}
    found: dict[str, tuple[str, str]] = {}
    seen: set[bytes] = set()
    for tip, tree in _trees(repo, list(tips), history=history):
        if not missing:
            break
        for path, blob in _below(repo, tree, seen):
            if blob in missing:
                missing.remove(blob)
                found[blob.hex()] = (tip, path)
    return found


def _trees(
    repo: pygit2.Repository, tips: list[str], *, history: bool
) -> Iterator[tuple[str, pygit2.Oid]]:
    for tip in tips:
        if history:
            start = repo[oid_of(tip)].peel(pygit2.Commit).id
            yield from ((tip, commit.tree_id) for commit in repo.walk(start, SortMode.TIME))
        else:
            yield tip, tree_of(repo, tip).id


def _below(
    repo: pygit2.Repository, root: pygit2.Oid, seen: set[bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, blob) of the folders below a tree that were not seen before."""
    pending = [("", root.raw)]
    while pending:
        prefix, tree = pending.pop()
        if tree in seen:
            continue
        seen.add(tree)
        for mode, name, oid in tree_lines(tree_bytes(repo, pygit2.Oid(raw=tree))):
            path = prefix + name.decode("utf-8", "replace")
            if mode == FOLDER:
                pending.append((f"{path}/", oid))
            elif mode != SUBMODULE:
                yield path, oid
