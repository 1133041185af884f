"""How much work a merge would be, told from ids and sizes alone.

libgit2 merges the lines of any file that both sides changed, and compares the contents of files to
find renames. Whoever proposes a change chooses what those files hold, so both have a limit here.
"""

from collections.abc import Mapping
from typing import Final

import pygit2

from strata.lib.git.model import SUBMODULE

LARGEST_MERGED: Final = 4 << 20  # bytes of a file whose lines are merged
MOST_MERGED: Final = 64 << 20  # bytes of all such files together
MOST_COMPARED: Final = 64 << 20  # bytes of the files among which renames are looked for

Changed = Mapping[str, tuple[pygit2.Oid, int]]  # path → what is there now, and its size


def changed(repo: pygit2.Repository, before: pygit2.Tree, after: pygit2.Tree) -> Changed:
    """Return what one side changed; what it deleted has size 0."""
    found: dict[str, tuple[pygit2.Oid, int]] = {}
    for delta in before.diff_to_tree(after).deltas:
        new = delta.new_file
        is_blob = delta.status_char() != "D" and int(new.mode) != SUBMODULE
        size = repo.odb.read_header(new.id)[1] if is_blob else 0
        found[new.raw_path.decode("utf-8", "replace")] = (new.id, size)
    return found


def too_large(ours: Changed, theirs: Changed) -> tuple[str, ...]:
    """Name the files that both sides changed and that are too large to merge by their lines."""
    both = {path for path in ours.keys() & theirs.keys() if ours[path][0] != theirs[path][0]}
    sizes = {path: ours[path][1] + theirs[path][1] for path in both}
    if sum(sizes.values()) > MOST_MERGED:
        return tuple(sorted(both))
    return tuple(sorted(path for path in both if sizes[path] > 2 * LARGEST_MERGED))


def comparable(ours: Changed, theirs: Changed) -> bool:
    """Tell whether renames can be looked for."""
    return sum(size for side in (ours, theirs) for _, size in side.values()) <= MOST_COMPARED
