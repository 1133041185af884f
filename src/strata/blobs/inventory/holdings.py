"""The large files that a repo holds, for its owner: list them, add them up, give them up.

What is given up is gone for this repo at once; the bytes themselves go with a later sweep, unless
another repo was given them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from strata.blobs.inventory import queries
from strata.blobs.quota.usage import recount_later
from strata.core.call import Call, Work
from strata.core.cursors import cursor_at, place_of
from strata.core.errors import NotFound
from strata.core.names import Oid
from strata.lib.db.columns import LATEST_MILLIS, from_millis, to_millis
from strata.repos.record import Repo

MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Holding:
    """A large file that a repo holds."""

    oid: Oid
    size: int  # bytes
    xet_hash: str | None
    pushed_at: datetime
    filename: str  # a path at which it was committed; empty while none is known
    ref: str | None  # where that was: "refs/heads/main"


@dataclass(frozen=True, slots=True)
class Total:
    """All large files of a repo together."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Page:
    """Holdings, newest first, and the cursor of the next page if there is one."""

    rows: list[Holding]
    cursor: str | None


class _Place(msgspec.Struct, array_like=True):
    millis: Annotated[int, msgspec.Meta(ge=0, lt=LATEST_MILLIS)]
    oid: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def holdings(call: Call, repo: Repo, limit: int = MAX_PAGE, cursor: str | None = None) -> Page:
    """List the large files of a repo, the last pushed first.

    Raises:
        Malformed: a cursor that is not ours.
    """
    after = place_of(cursor, _Place) if cursor else None
    place = (from_millis(after.millis), Oid(after.oid)) if after else None
    wanted = max(1, min(limit, MAX_PAGE))
    found = [_holding(row) for row in queries.holdings(call, repo.id, wanted + 1, place)]
    rows = found[:wanted]
    last = rows[-1] if len(found) > wanted else None
    return Page(rows, cursor_at((to_millis(last.pushed_at), last.oid)) if last else None)


def _holding(row: queries.HoldingRow) -> Holding:
    return Holding(
        row.oid, row.size, row.xet_hash, row.pushed_at, row.filename or "", row.ref or None
    )


def total(call: Call, repo: Repo) -> Total:
    """Add up the large files of a repo."""
    return Total(*queries.total(call, repo.id))


def require_held(call: Call, repo: Repo, oids: Sequence[Oid]) -> None:
    """Insist that the repo holds all of these.

    Raises:
        NotFound: names the first that it does not hold.
    """
    held = queries.held_among(call, repo.id, oids)
    for oid in oids:
        if oid not in held:
            raise NotFound(f"There is no large file {oid} in {repo.full_name}.")


def give_up(work: Work, repo: Repo, oids: Sequence[Oid], *, everywhere: bool = False) -> None:
    """Take large files away from a repo, and remember that its owner wanted it so.

    Args:
        everywhere: history shall not name them either.

    Raises:
        NotFound: names the first that the repo does not hold (any more).
    """
    require_held(work, repo, oids)
    queries.release(work, repo.id, oids, everywhere=everywhere)
    recount_later(work, repo.owner_id)


def keep_given_up(work: Work, source: Repo, target: Repo, oids: Iterable[Oid]) -> None:
    """Remember of a copy too what the owner of its source gave up."""
    queries.note_given_up(work, target.id, given_up(work, source, oids), everywhere=False)


def given_up(call: Call, repo: Repo, oids: Iterable[Oid]) -> set[Oid]:
    """Those of the files that the repo's owner gave up."""
    return queries.given_up_among(call, repo.id, oids)
