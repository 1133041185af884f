"""Open bare repositories: one libgit2 handle per thread and repository, kept warm.

pygit2 handles must not be shared between threads, so each thread keeps its own few. libgit2
looks for new packs by itself when an object is not found; a pack that vanished (a repack in
another process) needs a fresh handle, which `reads` takes once before it gives up.
"""

import functools
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, Option

from strata.lib.git.model import ObjectMissing, PathMissing, StorePath

HANDLES_PER_THREAD = 32
OPEN_PACKS = 512
CACHED_TREE = 1 << 20  # bytes; libgit2 would keep none over 4 KiB and read large folders anew

_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
\tfsync = committed
[gc]
\tauto = 0
[maintenance]
\tauto = false
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tautogc = false
\tfsckObjects = true
[pack]
\twriteBitmaps = false
"""

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class _Handles(threading.local):
    """The handles of one thread, least recently used first, with the stamp each was opened at."""

    def __init__(self) -> None:
        self.opened: OrderedDict[str, tuple[tuple[int, int], pygit2.Repository]] = OrderedDict()


_handles = _Handles()


def _settle_libgit2() -> None:
    """Keep the operator's own git settings out, and the number of open packs bounded."""
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.option(Option.SET_SEARCH_PATH, level, "")
    pygit2.option(Option.SET_OWNER_VALIDATION, 0)
    pygit2.option(Option.SET_MWINDOW_FILE_LIMIT, OPEN_PACKS)
    pygit2.option(Option.SET_CACHE_OBJECT_LIMIT, ObjectType.TREE, CACHED_TREE)


_settle_libgit2()


def init(path: StorePath) -> None:
    """Create a bare repository that holds objects; do nothing where one is already.

    The folder appears complete or not at all. It has no hooks and no templates, and its
    settings forbid git to collect garbage by itself: git does not know the refs.
    """
    target = Path(path)
    if exists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _furnish(draft)
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not exists(target):  # otherwise somebody else was faster, which is as good
            raise
    sync_folder(target.parent)


def _furnish(folder: Path) -> None:
    folder.chmod(0o755)
    for name in ("objects/pack", "objects/info", "refs/heads", "refs/tags", "info"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(_CONFIG)
    for name in ("HEAD", "config"):
        sync_file(folder / name)
    for name in ("objects", "."):
        sync_folder(folder / name)


def exists(path: StorePath) -> bool:
    """Tell whether `init` has made a repository here."""
    return (Path(path) / "config").is_file()


def opened(path: StorePath) -> pygit2.Repository:
    """Return this thread's handle on a repository.

    Raises:
        ObjectMissing: there is no repository at `path`.
    """
    key = str(path)
    try:
        stat = os.stat(f"{key}/config")  # noqa: PTH116 - hot path: a Path costs more than the call
    except OSError as failure:
        raise ObjectMissing(f"no repository at {key}") from failure
    stamp = (stat.st_ino, stat.st_mtime_ns)  # a repository made anew at the same path differs
    kept = _handles.opened.get(key)
    if kept is not None and kept[0] == stamp:
        _handles.opened.move_to_end(key)
        return kept[1]
    fresh = pygit2.Repository(key, pygit2.enums.RepositoryOpenFlag.BARE)
    _handles.opened[key] = (stamp, fresh)
    while len(_handles.opened) > HANDLES_PER_THREAD:
        _handles.opened.popitem(last=False)
    return fresh


def forget(path: StorePath) -> None:
    """Drop this thread's handle on a repository."""
    _handles.opened.pop(str(path), None)


def reads(
    act: Callable[Concatenate[pygit2.Repository, Parameters], Answer],
) -> Callable[Concatenate[StorePath, Parameters], Answer]:
    """Turn a function of an open repository into one of its path.

    What libgit2 does not find, or cannot open, is looked for once more with a fresh handle
    before `ObjectMissing` tells the caller.
    """

    @functools.wraps(act)
    def by_path(path: StorePath, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        try:
            return act(opened(path), *args, **kwargs)
        except PathMissing:  # the commit was read, so its tree was too
            raise
        except (KeyError, pygit2.GitError, ObjectMissing):
            forget(path)
        try:
            return act(opened(path), *args, **kwargs)
        except (KeyError, pygit2.GitError) as failure:
            raise ObjectMissing(f"not in this repository: {failure}") from failure

    return by_path


def oid_of(sha: str) -> pygit2.Oid:
    """Return the libgit2 id of 40 hex digits.

    Raises:
        ObjectMissing: not 40 hex digits, so nothing has this id.
    """
    if len(sha) != 40:
        raise ObjectMissing(f"{sha!r} is not the id of an object")
    try:
        return pygit2.Oid(hex=sha)
    except ValueError as failure:
        raise ObjectMissing(f"{sha!r} is not the id of an object") from failure


def tree_of(repo: pygit2.Repository, revision: str) -> pygit2.Tree:
    """Return the tree of a commit, of a tag's commit, or the tree that has this id.

    Raises:
        ObjectMissing: absent, or a blob.
    """
    found = repo[oid_of(revision)]
    if isinstance(found, pygit2.Tree):
        return found
    if isinstance(found, pygit2.Blob):
        raise ObjectMissing(f"{revision} is a blob, not a commit")
    return found.peel(pygit2.Tree)


def header_of(repo: pygit2.Repository, sha: str) -> tuple[ObjectType, int]:
    """Return an object's type and size without reading it."""
    kind, size = repo.odb.read_header(oid_of(sha))
    return ObjectType(kind), size


def sync_file(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
