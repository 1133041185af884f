"""Name the values that git machinery hands out: entries, commits, edits, refs."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

StorePath = str | Path
"""Where a bare repository lies on disk."""

FILE = 0o100644
EXECUTABLE = 0o100755
FOLDER = 0o040000
SUBMODULE = 0o160000


class ObjectMissing(LookupError):
    """An object id, revision or path that this repository does not hold."""


class PathMissing(ObjectMissing):
    """The commit is there, but has no such file or folder."""


class PathRefused(ValueError):
    """A path that no checkout could hold, or that would reach outside of it."""


class GitFailed(RuntimeError):
    """The `git` program or the object store failed; the text says how."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or submodule of a tree.

    `path` is from the root of the repo; `oid` 40 hex of the git object (blob, tree, commit);
    `size` the bytes of the git blob (of the pointer, for an LFS file), 0 for anything else.
    """

    path: str
    kind: Literal["file", "directory", "submodule"]
    oid: str
    size: int
    mode: int


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What a commit object says; both times are aware and in UTC."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: datetime
    committer_name: str
    committer_email: str
    committed_at: datetime
    message: str

    @property
    def title(self) -> str:
        """Return the first line of the message."""
        return self.message.strip().partition("\n")[0].strip()

    @property
    def body(self) -> str:
        """Return the message without its first line, stripped."""
        return self.message.strip().partition("\n")[2].strip()


@dataclass(frozen=True, slots=True)
class Change:
    """One line of `git diff --raw`.

    `status` is A(dded), D(eleted), M(odified), R(enamed), C(opied) or T(ype changed). `path` is
    the old path of a rename or copy and `new_path` the new one; else both are the same.
    A side that does not exist has mode 0 and an oid of 40 zeros.
    """

    status: Literal["A", "D", "M", "R", "C", "T"]
    path: str
    new_path: str
    old_mode: int
    new_mode: int
    old_oid: str
    new_oid: str
    similarity: int = 0


@dataclass(frozen=True, slots=True)
class DiffText:
    """A unified diff as `git diff` prints it; `truncated` when the bound cut some of it."""

    text: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made a commit."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Note:
    """Who, when and why: all of a commit or tag that is not content.

    `when` must be aware. `committer` defaults to the author.
    """

    author: Signature
    when: datetime
    message: str
    committer: Signature | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Write a file; `mode` None keeps an executable bit that is there, else 0o100644."""

    path: str
    content: bytes
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class PutBlob:
    """Put a blob that the repository (or this batch) already holds at a path."""

    path: str
    oid: str
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a file (or submodule)."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    """Remove a folder and everything below it."""

    path: str


Edit = Put | PutBlob | Delete | DeleteFolder


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The merged tree, or (`tree` None) the paths in conflict."""

    tree: str | None
    conflicts: tuple[str, ...]


class Ref(NamedTuple):
    """A ref to show to a client: full name, oid, and the commit under an annotated tag."""

    name: str
    oid: str
    peeled: str | None = None


@dataclass(frozen=True, slots=True)
class PushCommand:
    """One ref a push wants to move; 40 zeros stand for 'does not exist'."""

    ref: str
    old: str
    new: str

    @property
    def deletes(self) -> bool:
        """Tell whether the ref shall go away."""
        return self.new == ZERO

    @property
    def creates(self) -> bool:
        """Tell whether the ref shall be new."""
        return self.old == ZERO


@dataclass(frozen=True, slots=True)
class PushRequest:
    """Everything a push says before its pack."""

    commands: tuple[PushCommand, ...]
    capabilities: frozenset[str]
    options: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()

    @property
    def has_pack(self) -> bool:
        """Tell whether a pack follows: it does unless every command deletes."""
        return any(not command.deletes for command in self.commands)

    @property
    def sideband(self) -> bool:
        """Tell whether the answer must be wrapped in side-band packets."""
        return "side-band-64k" in self.capabilities


@dataclass(frozen=True, slots=True)
class NewBlob:
    """A blob a push brings: 40-hex oid, bytes, and one path at which it appears."""

    oid: str
    size: int
    path: str


ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
