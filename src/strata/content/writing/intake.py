"""From the operations of a commit to edits of a tree: contents stored, LFS rules kept."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from strata.blobs import pointer as pointers
from strata.blobs.keep import keep
from strata.blobs.pointer import Pointer
from strata.blobs.present import require_present
from strata.blobs.quota.room import largest_file, require_room
from strata.content.card.front_matter import CARD, require_valid
from strata.content.snapshot import Snapshot
from strata.content.writing.attributes import (
    ATTRIBUTES,
    MAX_TEXT_BYTES,
    read_attributes,
    with_rules,
)
from strata.content.writing.exposed import require_none, require_none_large
from strata.content.writing.operations import (
    Add,
    AddLarge,
    Delete,
    DeleteFolder,
    EncodedSlice,
    Operation,
    Source,
    require_path,
)
from strata.core.call import Call
from strata.core.errors import EntryNotFound, TooLarge
from strata.core.names import Sha
from strata.lib.git import read as git, write
from strata.lib.git.write import Batch, Edit, Put, PutBlob
from strata.lib.objects.receive import Received

MAX_OPERATIONS = 100_000
PIECE_BYTES = 1024 * 1024

Step = PutBlob | AddLarge | Delete | DeleteFolder


@dataclass(slots=True)
class Plan:
    """What a commit does to whatever tree it lands on."""

    steps: list[Step] = field(default_factory=list)
    large: list[str] = field(default_factory=list)  # paths of large files
    exposed: int = 0  # access tokens that work, in a private repo
    attributes: str | None = None  # text of .gitattributes, when the commit itself writes it
    regular_bytes: int = 0  # that git itself is to keep

    def edits_on(self, git_path: Path, head: Sha) -> list[Edit]:
        """The edits for one head: which deletions are of folders, which rules are missing.

        Raises:
            EntryNotFound: the head has no file that shall be deleted.
        """
        written: set[str] = set()
        edits: list[Edit] = []
        for step in self.steps:
            if isinstance(step, Delete):
                edits.append(_deletion(git_path, head, step.path, written))
            elif isinstance(step, DeleteFolder):
                edits.append(write.DeleteFolder(step.path))
            elif isinstance(step, PutBlob):
                edits.append(step)
                # A file in the way has become a folder by now.
                written.difference_update(_folders_above(step.path))
                written.add(step.path)
        return [*edits, *self._rules_on(git_path, head)]

    def _rules_on(self, git_path: Path, head: Sha) -> list[Put]:
        """Name the large files in `.gitattributes` that no rule covers, as git-lfs would."""
        if not self.large:
            return []
        text = self.attributes if self.attributes is not None else attributes_at(git_path, head)
        rules = read_attributes(text)
        bare = [path for path in dict.fromkeys(self.large) if not rules.is_large(path)]
        return [Put(ATTRIBUTES, with_rules(text, bare).encode())] if bare else []


def attributes_at(git_path: Path, commit: Sha) -> str:
    """The text of `.gitattributes` at a commit, empty when there is none."""
    entry = git.entry_at(git_path, commit, ATTRIBUTES)
    if entry is None or entry.kind != "file" or entry.size > MAX_TEXT_BYTES:
        return ""
    return git.read_blob(git_path, entry.oid).decode("utf-8", "replace")


def planned(call: Call, snapshot: Snapshot, operations: Iterable[Operation], batch: Batch) -> Plan:
    """Check every operation and store the contents; nothing becomes visible.

    Raises:
        Unprocessable: a path that no repo may hold, or a large file that this repo was never given.
        TooLarge, Malformed: content beyond the limits, not base64, or a README with bad metadata.
        OverQuota: the plan of the repo's owner has no room for it.
    """
    desk = _Desk(call, snapshot, batch)
    for number, operation in enumerate(operations):
        if number >= MAX_OPERATIONS:
            raise TooLarge(f"A commit may hold {MAX_OPERATIONS} operations; split it.")
        desk.take(operation)
    desk.settle_large_files()
    require_room(call, snapshot.repo, desk.plan.regular_bytes)
    return desk.plan


class _Desk:
    """Takes in one operation after the other; holds at most one small file in memory."""

    def __init__(self, call: Call, snapshot: Snapshot, batch: Batch) -> None:
        self.plan = Plan()
        self._call = call
        self._snapshot = snapshot
        self._batch = batch
        self._limits = call.hub.settings.limits
        self._largest = largest_file(call, snapshot.repo)
        self._rules = read_attributes(attributes_at(snapshot.git_path, snapshot.commit))

    def take(self, operation: Operation) -> None:
        match operation:
            case Add():
                require_path(operation.path)
                self._take_content(operation)
            case AddLarge():
                require_path(operation.path)
                self.plan.large.append(operation.path)
                self.plan.steps.append(operation)
            case Delete() | DeleteFolder():
                if operation.path == ATTRIBUTES:
                    self.plan.attributes = ""
                self.plan.steps.append(operation)

    def _take_content(self, operation: Add) -> None:
        path, source = operation.path, operation.source
        size = _size(source)
        if size > self._largest:
            raise TooLarge(f"{path} is larger than {self._largest} bytes.")
        too_big = size > self._limits.regular_file_bytes
        by_rule = size > 0 and self._rules.is_large(path)
        content = None if too_big else _content(source)
        pointer = pointers.parse(content) if content is not None else None
        if pointer is not None:
            self.take(AddLarge(path, pointer.oid, pointer.size))
        elif content is not None and not by_rule:
            self._take_regular(path, content)
        else:
            if content is not None:
                self.plan.exposed += require_none(self._call, self._snapshot.repo, path, content)
            kept = keep(self._call, self._snapshot.repo, _received(self._call, source))
            self.plan.large.append(path)
            self._point(path, kept)

    def _take_regular(self, path: str, content: bytes) -> None:
        self.plan.regular_bytes += len(content)
        self.plan.exposed += require_none(self._call, self._snapshot.repo, path, content)
        if path == CARD:
            require_valid(content.decode("utf-8", "replace"), self._snapshot.repo.type)
        elif path == ATTRIBUTES:
            self.plan.attributes = content.decode("utf-8", "replace")
        self.plan.steps.append(PutBlob(path, self._batch.add(content)))

    def _point(self, path: str, pointer: Pointer) -> None:
        self.plan.steps.append(PutBlob(path, self._batch.add(pointers.text(pointer))))

    def settle_large_files(self) -> None:
        """Turn what was announced into pointers, once all of it is known to be here."""
        wanted = [(step.oid, step.size) for step in self.plan.steps if isinstance(step, AddLarge)]
        if not wanted:
            return
        sizes = require_present(self._call, self._snapshot.repo, wanted)
        large = [one for one in self.plan.steps if isinstance(one, AddLarge)]
        files = [(one.path, one.oid, sizes[one.oid]) for one in large]
        self.plan.exposed += require_none_large(self._call, self._snapshot.repo, files)
        steps, self.plan.steps = self.plan.steps, []
        for step in steps:
            if isinstance(step, AddLarge):
                self._point(step.path, Pointer(step.oid, sizes[step.oid]))
            else:
                self.plan.steps.append(step)


def _folders_above(path: str) -> Iterator[str]:
    names = path.split("/")
    return ("/".join(names[:depth]) for depth in range(1, len(names)))


def _deletion(git_path: Path, head: Sha, path: str, written: set[str]) -> Edit:
    bare = path.rstrip("/")
    if bare in written:
        return write.Delete(bare)
    entry = git.entry_at(git_path, head, bare) if bare else None
    if entry is None and not any(other.startswith(f"{bare}/") for other in written):
        raise missing(head)
    folder = entry is None or entry.kind == "directory"
    return write.DeleteFolder(bare) if folder else write.Delete(bare)


def missing(head: Sha) -> EntryNotFound:
    """The answer to the deletion of what is not there."""
    return EntryNotFound("A file with this name doesn't exist", commit=head)


def _size(source: Source) -> int:
    """Bytes of a content, before any of it is decoded; an upper bound for base64."""
    match source:
        case bytes():
            return len(source)
        case EncodedSlice():
            return source.size()
        case Received():
            return source.size


def _content(source: Source) -> bytes:
    """A small content in memory."""
    match source:
        case bytes():
            return source
        case EncodedSlice():
            return b"".join(source.pieces())
        case Received():
            return source.path.read_bytes()


def _received(call: Call, source: Source) -> Received:
    """The content as a hashed file in the store's staging folder."""
    if isinstance(source, Received) and source.sha256 is not None:
        return source
    return spooled(call, _pieces(source))


def _pieces(source: Source) -> Iterator[bytes]:
    match source:
        case bytes():
            yield source
        case EncodedSlice():
            yield from source.pieces()
        case Received():
            with source.path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece


def spooled(call: Call, pieces: Iterable[bytes]) -> Received:
    """Write pieces to a staging file and hash them; no file is left behind on failure."""
    path = call.hub.objects.staging() / f"commit-{secrets.token_hex(12)}"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path, size, digest.hexdigest())
