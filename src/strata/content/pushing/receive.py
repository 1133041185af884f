"""A push becomes durable, then visible: the steps around `push.py` that every git door takes.

`foreseen` before the pack is read, `take_in` once it was checked in its quarantine. The order of
effects is that of `content.writing.commit`: objects, then one transaction for all refs. `rules_of`
names the steps for `lib.git.protocol.reception`, which takes them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from strata.blobs.quota.small import give_small
from strata.content import queries
from strata.content.pushing import push
from strata.content.rights import PULLS, require_push
from strata.core.call import Call, working
from strata.core.errors import ParentMoved, RepoNotFound, StrataError
from strata.core.hub import Hub
from strata.credentials.tokens.presented.bearers import of_now
from strata.lib.git.model import NewBlob, PushCommand
from strata.lib.git.protocol.quarantine import Quarantine
from strata.lib.git.protocol.reception import Rules
from strata.repos import queries as records
from strata.repos.moment import held_now
from strata.repos.projection import shown
from strata.repos.record import Repo

Results = list[tuple[str, str | None]]  # each ref, and why it did not move

# PostgreSQL lets another writer in between look and move; each loss means that one landed.
MAX_ATTEMPTS: Final = 20
NOT_ALONE: Final = "atomic push failed: another ref of it was refused"


@dataclass(frozen=True, slots=True)
class Push:
    """What a client wants, once its right to push at all is settled."""

    repo: Repo
    commands: Sequence[PushCommand]
    atomic: bool  # all refs move, or none


@dataclass(slots=True)
class _Brought:
    """What a push turned out to bring."""

    size: int = 0  # bytes of the blobs that are new
    warning: str = ""  # what who pushed should know of them


def rules_of(hub: Hub, wanted: Push) -> Rules[Call]:
    """What the hub says to a push."""
    brought = _Brought()
    return Rules(
        name=wanted.repo.full_name,
        store=hub.git_path(wanted.repo.key),
        max_bytes=hub.settings.limits.push_bytes,
        foreseen=partial(foreseen, wanted=wanted),
        tips=lambda call: [ref.oid for ref in shown(call, wanted.repo)],
        judged=partial(_judged, wanted, brought),
        landed=partial(_taken_in, wanted, brought),
        remarks=lambda call: _remarks(wanted, brought, call),
    )


def _remarks(wanted: Push, brought: _Brought, call: Call) -> list[str]:
    own = [f"Warning: {brought.warning}"] if brought.warning else []
    return [*own, *push.remarks(call, wanted.repo)]


def _judged(
    wanted: Push, brought: _Brought, call: Call, blobs: Sequence[NewBlob], quarantine: Quarantine
) -> str | None:
    try:
        said = push.require_silent(call, wanted.repo, quarantine.notes())
        warning = push.check(call, wanted.repo, blobs, quarantine.read_blobs, said)
        push.require_fitting(call, wanted.repo, wanted.commands, quarantine)
    except StrataError as refusal:
        return refusal.message
    brought.size, brought.warning = sum([blob.size for blob in blobs]), warning
    return None


def _taken_in(wanted: Push, brought: _Brought, call: Call, promote: Callable[[], None]) -> Results:
    try:
        return take_in(call, wanted, promote, brought.size)
    except StrataError as refusal:
        return [(command.ref, refusal.message) for command in wanted.commands]


class _NotAll(Exception):
    """Leaves, and so undoes, the transaction of an atomic push."""

    def __init__(self, results: Results) -> None:
        super().__init__()
        self.results = results


def foreseen(call: Call, wanted: Push) -> Results | None:
    """Refuse a push that can move nothing before its pack costs anything; None when it may.

    `push.land` judges again, with the objects at hand and inside the transaction.
    """
    rows = queries.refs_among(call, wanted.repo.id, [command.ref for command in wanted.commands])
    refusals = []
    for command in wanted.commands:
        row = rows.get(command.ref)
        stale = (row.target if row else None) != (None if command.creates else command.old)
        refusals.append(_denied(call, wanted.repo, command) or (push.STALE if stale else None))
    results = [(one.ref, why) for one, why in zip(wanted.commands, refusals, strict=True)]
    if wanted.atomic and any(refusals):
        return _none_of(results)
    return results if all(refusals) else None


def _denied(call: Call, repo: Repo, command: PushCommand) -> str | None:
    try:
        require_push(call, repo, command.ref)
    except StrataError as refused:
        if command.ref.startswith(PULLS):
            return f"{command.ref} is no pull request that you may push to: {refused.message}"
        return refused.message
    return None


def take_in(call: Call, wanted: Push, promote: Callable[[], None], size: int = 0) -> Results:
    """Make the objects durable and move the refs, in one transaction; opens it itself.

    Args:
        promote: moves checked objects into the repo; they are on the disk when it returns.
        size: bytes of the blobs among them.

    Raises:
        RepoNotFound: the repo went away while the pack came in.
    """
    if records.repo_by_id(call, wanted.repo.id) is None:
        raise RepoNotFound
    promote()
    call.hub.crash_point("after-pack")
    results = _landed(call, wanted, size)
    call.hub.crash_point("after-commit")
    return results


def _landed(call: Call, wanted: Push, size: int) -> Results:
    for _ in range(MAX_ATTEMPTS):
        try:
            with working(call) as work:
                repo = held_now(work, wanted.repo)
                results = push.land(of_now(work), repo, wanted.commands)
                if any(why is None for _, why in results):
                    give_small(work, repo, size)
                if wanted.atomic:
                    _require_all(results)
        except ParentMoved:
            continue
        except _NotAll as refused:
            return _none_of(refused.results)
        return results
    return [(command.ref, push.STALE) for command in wanted.commands]


def _require_all(results: Results) -> None:
    if any(why for _, why in results):
        raise _NotAll(results)


def _none_of(results: Results) -> Results:
    return [(ref, why or NOT_ALONE) for ref, why in results]
