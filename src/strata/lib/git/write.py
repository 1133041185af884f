"""Write repositories: commits, tags, merges, each as one durable pack. The rooms' one import.

No ref moves here. What was written and never got a ref is garbage that a later `repack` drops.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pygit2
from pygit2.enums import ObjectType

from strata.lib.git.model import (
    SUBMODULE,
    Delete,
    DeleteFolder,
    Edit,
    MergeResult,
    Note,
    ObjectMissing,
    PathMissing,
    PathRefused,
    Put,
    PutBlob,
    Signature,
    StorePath,
)
from strata.lib.git.paths import path_problem
from strata.lib.git.store import header_of, init, oid_of, reads
from strata.lib.git.upkeep.repack import copy_reachable, repack, repack_needed, sweep
from strata.lib.git.writing.edit import TreeDraft
from strata.lib.git.writing.merge import conflicting, merge
from strata.lib.git.writing.packfile import ObjectKind, PackWriter, object_id
from strata.lib.git.writing.refs import valid_ref_name
from strata.lib.git.writing.rewrite import Rewrite

__all__ = [
    "Batch",
    "Delete",
    "DeleteFolder",
    "Edit",
    "MergeResult",
    "Note",
    "ObjectMissing",
    "PathMissing",
    "PathRefused",
    "Put",
    "PutBlob",
    "Rewrite",
    "Signature",
    "commit_tree",
    "conflicting",
    "copy_reachable",
    "init",
    "merge",
    "path_problem",
    "repack",
    "repack_needed",
    "sweep",
    "write_commit",
    "write_tag",
]

_NOT_IN_NAMES = dict.fromkeys([*range(0x20), 0x7F, ord("<"), ord(">")])


class Batch:
    """One commit in the making, whose blobs outlive a lost race for the ref.

    Blobs are spooled to a temporary pack as they come. The first `commit` makes them durable
    together with its trees; called again on a newer head it writes trees and commit only.
    Leaving the `with` block drops what no commit has used. Use it from one thread at a time.
    """

    def __init__(self, path: StorePath) -> None:
        self._path = path
        self._pack = PackWriter(path)
        self._durable: set[bytes] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pack.discard()

    def add(self, content: bytes) -> str:
        """Spool a blob; return its oid, for a `PutBlob`."""
        return self.store("blob", content).hex()

    def commit(
        self, base_tree: str | None, edits: Sequence[Edit], parents: Sequence[str], note: Note
    ) -> str:
        """Apply the edits in order to a tree (or commit) and commit it; return the sha.

        The commit is on the disk when this returns. A `Put` replaces a folder in its place, and
        a file where it needs a folder; empty folders vanish.

        Raises:
            PathRefused: a path that may not be in a tree.
            PathMissing: a deletion of what is not there.
            ObjectMissing: the base tree is absent.
        """
        tree = _edited(self._path, base_tree, edits, self)
        sha = self.store("commit", _commit_object(tree, parents, note))
        self.flush()
        return sha.hex()

    def flush(self) -> None:
        """Make everything spooled so far durable."""
        self._durable.update(self._pack.finish())

    def store(self, kind: ObjectKind, content: bytes) -> bytes:
        """Spool an object of any kind unless this batch has made it durable; return its id."""
        if self._durable:
            oid = object_id(kind, content)
            if oid in self._durable:
                return oid
        return self._pack.add(kind, content)

    def holds(self, oid: str) -> bool:
        """Tell whether this batch was given an object."""
        raw = bytes.fromhex(oid)
        return raw in self._durable or raw in self._pack


@reads
def _edited(
    repo: pygit2.Repository, base_tree: str | None, edits: Sequence[Edit], batch: Batch
) -> str:
    draft = TreeDraft(repo, base_tree)
    for edit in edits:
        if isinstance(edit, PutBlob):
            _require_blob(repo, edit, batch)
        draft.apply(edit, batch.store)
    return draft.write(batch.store)


def _require_blob(repo: pygit2.Repository, edit: PutBlob, batch: Batch) -> None:
    oid_of(edit.oid)
    if edit.mode == SUBMODULE or batch.holds(edit.oid):
        return
    kind, _ = header_of(repo, edit.oid)
    if kind != ObjectType.BLOB:
        raise ObjectMissing(f"{edit.oid}, meant for {edit.path!r}, is not a blob")


def write_commit(
    path: StorePath,
    base_tree: str | None,
    edits: Sequence[Edit],
    parents: Sequence[str],
    note: Note,
) -> str:
    """Commit edits to a tree (or to a commit's tree; None: to nothing) and return the sha.

    `Batch.commit` tells the rules and errors.
    """
    with Batch(path) as batch:
        return batch.commit(base_tree, edits, parents, note)


def commit_tree(path: StorePath, tree: str, parents: Sequence[str], note: Note) -> str:
    """Commit a tree (or the tree of a commit) as it is; return the sha.

    Raises:
        ObjectMissing: the tree is absent.
    """
    return write_commit(path, tree, (), parents, note)


def write_tag(path: StorePath, target: str, name: str, note: Note) -> str:
    """Write an annotated tag of any object; return the id of the tag object.

    `name` is the short one ("v1"). The caller makes the ref.

    Raises:
        ObjectMissing: the target is absent.
        ValueError: the name cannot be one of a tag.
    """
    if not valid_ref_name(f"refs/tags/{name}"):
        raise ValueError(f"{name!r} cannot be the name of a tag")
    kind = _kind(path, target)
    tagger = _signed("tagger", note.committer or note.author, note)
    text = f"object {target}\ntype {kind}\ntag {name}\n{tagger}\n\n{_closed(note.message)}"
    with Batch(path) as batch:
        oid = batch.store("tag", text.encode("utf-8", "replace"))
        batch.flush()
    return oid.hex()


@reads
def _kind(repo: pygit2.Repository, target: str) -> str:
    kind, _ = header_of(repo, target)
    return kind.name.lower()


def _commit_object(tree: str, parents: Sequence[str], note: Note) -> bytes:
    lines = [f"tree {tree}", *(f"parent {oid_of(parent)}" for parent in parents)]
    lines.append(_signed("author", note.author, note))
    lines.append(_signed("committer", note.committer or note.author, note))
    return "\n".join([*lines, "", _closed(note.message)]).encode("utf-8", "replace")


def _signed(role: str, who: Signature, note: Note) -> str:
    if note.when.tzinfo is None:
        raise ValueError("the time of a commit must be aware")
    name = who.name.translate(_NOT_IN_NAMES).strip() or "unknown"
    email = who.email.translate(_NOT_IN_NAMES).strip()
    return f"{role} {name} <{email}> {int(note.when.timestamp())} +0000"


def _closed(message: str) -> str:
    """End a message with a newline, as git does; NUL bytes would end it early."""
    return message.replace("\0", "").rstrip("\n") + "\n"
