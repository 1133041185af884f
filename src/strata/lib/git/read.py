"""Read repositories: the one import of the rooms.

Every function takes the path of the bare repository first, is synchronous and may be called
from any thread. Objects another process has packed meanwhile are found.
"""

from strata.lib.git.model import (
    Change,
    CommitFacts,
    DiffText,
    Entry,
    GitFailed,
    ObjectMissing,
    PathMissing,
)
from strata.lib.git.reading.blobs import all_blobs, all_notes, blob_size, read_blob, read_blobs
from strata.lib.git.reading.census import count_files, fullest_folder
from strata.lib.git.reading.diff import diff_raw, diff_text
from strata.lib.git.reading.find import paths_of
from strata.lib.git.reading.history import (
    commit_facts,
    commits_beyond,
    count_commits,
    expand_sha,
    is_ancestor,
    last_commits,
    log,
    merge_base,
    peel,
)
from strata.lib.git.reading.tree import entry_at, list_tree, tree_size
from strata.lib.git.store import exists, init

__all__ = [
    "Change",
    "CommitFacts",
    "DiffText",
    "Entry",
    "GitFailed",
    "ObjectMissing",
    "PathMissing",
    "all_blobs",
    "all_notes",
    "blob_size",
    "commit_facts",
    "commits_beyond",
    "count_commits",
    "count_files",
    "diff_raw",
    "diff_text",
    "entry_at",
    "exists",
    "expand_sha",
    "fullest_folder",
    "init",
    "is_ancestor",
    "last_commits",
    "list_tree",
    "log",
    "merge_base",
    "paths_of",
    "peel",
    "read_blob",
    "read_blobs",
    "tree_size",
]
