"""What a git push may bring and which refs it may move (the git door calls it in this order).

`may_push` before the pack is read, `check` while the pack is in quarantine, `land` in one
transaction after the objects were promoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from strata.access.policy.verbs import Action
from strata.blobs import pointer as pointers
from strata.blobs.pointer import MAX_POINTER_BYTES, Pointer
from strata.blobs.present import require_present
from strata.blobs.quota.room import require_room, warning
from strata.content import queries
from strata.content.card.front_matter import CARD, MAX_CARD_BYTES, read_card
from strata.content.crowding import Stored, Trees, crowding, require_uncrowded
from strata.content.reading.files import may_be_pointer
from strata.content.refs import BRANCHES, MAIN_REF, PULLS, TAGS, acceptable, blocked
from strata.content.rights import may_rewrite, require_push
from strata.content.writing.exposed import (
    require_none,
    require_none_among,
    require_none_large,
    warning_of,
)
from strata.content.writing.operations import require_path
from strata.core.call import Call, Work
from strata.core.errors import StrataError, Unprocessable
from strata.core.names import Oid, RepoId, Sha
from strata.lib.git import read as git
from strata.lib.git.model import PushCommand
from strata.repos.landed import How, Move, landed
from strata.repos.lookup import lookup
from strata.repos.record import Repo

STALE: Final = "fetch first: the ref was moved meanwhile"
_LONGEST_REASON: Final = 400  # characters; git shows it on one line
READ_SMALL = Callable[[Iterable[str], int], Mapping[str, bytes]]


class NewBlob(Protocol):
    """A blob that a push brings, and one path at which it appears."""

    @property
    def oid(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def path(self) -> str: ...


class Arrived(Trees, Protocol):
    """What a push has brought so far, beside what is there."""

    def peel_to_commit(self, oid: str) -> str | None: ...


def may_push(call: Call, repo_id: RepoId) -> Repo:
    """Let in whoever may push anything at all; `land` decides ref by ref.

    Raises:
        RepoNotFound, Moved, RepoDisabled, GatedRepo, Unauthenticated, EmailNotVerified, Forbidden.
    """
    return lookup(call, repo_id, Action.PROPOSE)


def require_silent(call: Call, repo: Repo, notes: Iterable[tuple[str, bytes]]) -> int:
    """Insist that no message of a commit or a tag tells an access token; how many do in private.

    Raises:
        Unprocessable: names the commit and its line, never the token.
    """
    return sum(require_none(call, repo, f"{oid[:10]}, its message", raw) for oid, raw in notes)


def check(
    call: Call, repo: Repo, new_blobs: Sequence[NewBlob], read_blobs: READ_SMALL, said: int = 0
) -> str:
    """Judge what a push brings, as `content.writing.commit` judges an upload; what to warn of.

    Args:
        read_blobs: reads those of the blobs that have at most so many bytes.
        said: access tokens in messages, as `require_silent` counts them.

    Raises:
        Unprocessable: names the file that may not come, and says what to do.
        OverQuota: the plan of the repo's owner has no room for it.
    """
    ceiling = call.hub.settings.limits.regular_file_bytes
    require_room(call, repo, sum([blob.size for blob in new_blobs]))
    for blob in new_blobs:
        require_path(blob.path)
        if blob.size > ceiling:
            raise Unprocessable(
                f"{blob.path} has {blob.size} bytes; git itself holds files up to {ceiling}. "
                f"Run `git lfs migrate import --include={blob.path!r}` and push again."
            )
    exposed = require_none_among(call, repo, new_blobs, read_blobs)
    small = [blob.oid for blob in new_blobs if may_be_pointer(blob.size)]
    texts = read_blobs(small, MAX_POINTER_BYTES)
    found = {oid: parsed for oid, text in texts.items() if (parsed := pointers.parse(text))}
    require_present(call, repo, [_wanted(pointer) for pointer in found.values()])
    paths = {blob.oid: blob.path for blob in new_blobs}
    files = [(paths[oid], one.oid, one.size) for oid, one in found.items()]
    return warning_of(call, said + exposed + require_none_large(call, repo, files))


def require_fitting(
    call: Call, repo: Repo, commands: Sequence[PushCommand], arrived: Arrived
) -> None:
    """Insist that no ref shall hold more files than the repo may.

    Raises:
        OverQuota: with the numbers.
    """
    wanted = [command.ref for command in commands]
    rows = queries.refs_among(call, repo.id, [*wanted, MAIN_REF])
    for command in commands:
        commit = None if command.deletes else arrived.peel_to_commit(command.new)
        if commit is not None:  # what is no commit is refused by `land`
            before = rows.get(command.ref) or rows.get(MAIN_REF)
            require_uncrowded(call, repo, arrived, commit, before.commit if before else None)


def remarks(call: Call, repo: Repo) -> list[str]:
    """What who pushed should know: that the owner is nearly out of storage, or of files."""
    row = queries.refs_among(call, repo.id, [MAIN_REF]).get(MAIN_REF)
    store = Stored(call.hub.git_path(repo.key))
    said = [warning(call, repo), crowding(call, repo, store, row.commit) if row else ""]
    return [f"Warning: {sentence}" for sentence in said if sentence]


def _wanted(pointer: Pointer) -> tuple[Oid, int | None]:
    return pointer.oid, pointer.size


def land(work: Work, repo: Repo, commands: Sequence[PushCommand]) -> list[tuple[str, str | None]]:
    """Move the refs that may be moved; for each command None, or why not.

    Raises:
        ParentMoved: another writer was faster between our look and our move; nothing is moved.
    """
    judged = _Judge(work, repo, commands)
    results = [(command.ref, judged.verdict(command)) for command in commands]
    moves = [
        judged.move(command)
        for command, (_, refusal) in zip(commands, results, strict=True)
        if refusal is None
    ]
    if moves:
        landed(work, repo, *moves, how=How.PUSH)
        work.hub.crash_point("before-commit")
    return results


class _Judge:
    """Judges the commands of one push against the refs as they are."""

    def __init__(self, work: Work, repo: Repo, commands: Sequence[PushCommand]) -> None:
        self._work = work
        self._repo = repo
        self._git_path: Path = work.hub.git_path(repo.key)
        self._rows = queries.refs_among(work, repo.id, [command.ref for command in commands])
        self._seen: set[str] = set()

    def verdict(self, command: PushCommand) -> str | None:
        """Why a command may not be carried out."""
        if command.ref in self._seen:
            return "named twice in one push"
        self._seen.add(command.ref)
        return (
            self._refused_name(command)
            or self._refused_right(command)
            or self._refused_position(command)
            or self._refused_target(command)
        )

    def move(self, command: PushCommand) -> Move:
        """The move of an accepted command."""
        row = self._rows.get(command.ref)
        old = row.commit if row else None
        if command.deletes:
            return Move(command.ref, old, None)
        commit = git.expand_sha(self._git_path, command.new)
        new = Sha(commit or command.new)
        forced = old is not None and not git.is_ancestor(self._git_path, old, new)
        return Move(command.ref, old, new, Sha(command.new), forced)

    def _refused_name(self, command: PushCommand) -> str | None:
        ref = command.ref
        if ref.startswith(PULLS):
            return self._refused_pull(command)
        if not ref.startswith((BRANCHES, TAGS)):
            return "only branches, tags and pull requests can be pushed"
        if command.deletes:
            return "main cannot be deleted" if ref == MAIN_REF else None
        if not acceptable(ref):
            return "this name cannot be used"
        clash = ref not in self._rows and self._in_the_way(ref)
        return "another ref's name is part of this one" if clash else None

    def _refused_pull(self, command: PushCommand) -> str | None:
        if command.ref not in self._rows:
            return "no such pull request; open one first"
        return "a pull request's ref cannot be deleted" if command.deletes else None

    def _in_the_way(self, ref: str) -> bool:
        others = self._seen - {ref}
        clash = any(ref.startswith(f"{o}/") or o.startswith(f"{ref}/") for o in others)
        return clash or blocked(self._work, self._repo, ref)

    def _refused_right(self, command: PushCommand) -> str | None:
        try:
            require_push(self._work, self._repo, command.ref)
        except StrataError as refused:
            return refused.message
        return None

    def _refused_position(self, command: PushCommand) -> str | None:
        row = self._rows.get(command.ref)
        expected = None if command.creates else command.old
        if (row.target if row else None) != expected:
            return STALE
        return None

    def _refused_target(self, command: PushCommand) -> str | None:
        if command.deletes:
            return None
        commit = git.expand_sha(self._git_path, command.new)  # through a tag object, too
        if commit is None:
            return "it must name a commit"
        if commit != command.new and not command.ref.startswith(TAGS):
            return "a branch cannot hold a tag object"
        row = self._rows.get(command.ref)
        fast = row is None or may_rewrite(self._work, self._repo)
        if not fast and row and not git.is_ancestor(self._git_path, row.commit, commit):
            return "not a fast-forward; only those who may write to the repo can rewrite"
        return self._refused_card(command.ref, row.commit if row else None, commit)

    def _refused_card(self, ref: str, old: str | None, new: str) -> str | None:
        """What is wrong with the card at the tip; those of commits in between may be wrong."""
        if not ref.startswith((BRANCHES, PULLS)):
            return None
        card = git.entry_at(self._git_path, new, CARD)
        before = git.entry_at(self._git_path, old, CARD) if old else None
        if card is None or card.kind != "file" or card.size > MAX_CARD_BYTES:
            return None
        if before is not None and before.oid == card.oid:
            return None
        text = git.read_blob(self._git_path, card.oid).decode("utf-8", "replace")
        errors = read_card(text, self._repo.type).errors
        return f"{CARD}: {errors[0]}"[:_LONGEST_REASON] if errors else None
