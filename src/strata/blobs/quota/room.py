"""Is there room in the plan of a repo's owner? Asked before bytes are sent, and again at landing.

One sentence for the API, git and pages, with the numbers and what to do next (product §5.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from strata.accounts.plans.quotas import NO_LIMIT, quotas_of
from strata.accounts.plans.tables import usages
from strata.blobs import queries
from strata.blobs.quota.telling import tell, tell_exceeded
from strata.blobs.quota.usage import lock, new_bytes, sizes_known_to, unknown_to, usage_of
from strata.core.call import Call, Work
from strata.core.errors import OverQuota
from strata.core.names import Oid
from strata.repos.record import Repo

UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
NEARLY_FULL: Final = 95  # percent


def require_room(call: Call, repo: Repo, needed: int) -> None:
    """Insist that so many more bytes fit; nothing is reserved.

    Raises:
        OverQuota: with the numbers.
    """
    total = quotas_of(call, repo.owner_id).storage(private=repo.private)
    if needed <= 0 or total == NO_LIMIT:
        return
    used = usage_of(call, repo.owner_id).storage(private=repo.private)
    if used + needed > total:
        tell_exceeded(call, repo)
        raise _over(repo, needed, used, total)


def _fits(call: Call, repo: Repo, needed: int) -> bool:
    total = quotas_of(call, repo.owner_id).storage(private=repo.private)
    used = usage_of(call, repo.owner_id).storage(private=repo.private)
    return total == NO_LIMIT or used + needed <= total


def require_room_for(call: Call, repo: Repo, files: Sequence[tuple[Oid, int]]) -> None:
    """Insist that named files fit, as far as their owner does not have them yet.

    Raises:
        OverQuota: with the numbers.
    """
    fresh = unknown_to(call, repo, [oid for oid, _ in files])
    require_room(call, repo, sum(size for oid, size in dict(files).items() if oid in fresh))


def require_room_for_sizes(call: Call, repo: Repo, sizes: Sequence[int]) -> None:
    """Insist that files fit of which only the sizes are known.

    A file of a size that the owner has already may be the same file and is given the benefit of the
    doubt; it is asked about again once its sha256 is known.

    Raises:
        OverQuota: with the numbers.
    """
    if not _fits(call, repo, sum(sizes)):
        known = sizes_known_to(call, repo, sizes)
        require_room(call, repo, sum(size for size in sizes if size not in known))


def give(work: Work, repo: Repo, oids: Iterable[Oid]) -> None:
    """Give files to a repo and count them; the only way in.

    Raises:
        OverQuota: they do not fit; the transaction must not be committed.
    """
    wanted = list(oids)
    lock(work, repo.owner_id)
    fresh = new_bytes(work, repo, wanted)
    if fresh:
        require_room(work, repo, fresh)
        _add(work, repo, fresh)
        tell_fullness(work, repo)
    queries.give(work, repo.id, wanted)


def tell_fullness(work: Work, repo: Repo) -> None:
    """Tell those who answer for the owner when the last bytes passed a step."""
    total = quotas_of(work, repo.owner_id).storage(private=repo.private)
    if total != NO_LIMIT:
        used = usage_of(work, repo.owner_id).storage(private=repo.private)
        tell(work, repo, used, total)


def largest_file(call: Call, repo: Repo) -> int:
    """Bytes that one large file of the repo may have."""
    limit = call.hub.settings.limits.max_file_bytes
    quota = quotas_of(call, repo.owner_id).file_bytes
    return limit if quota == NO_LIMIT else min(limit, quota)


@dataclass(frozen=True, slots=True)
class Fullness:
    """What an owner that is nearly full has used, as people read it."""

    owner: str
    private: bool
    used: str
    total: str


def fullness(call: Call, repo: Repo) -> Fullness | None:
    """How full the storage is that a repo is counted in; None while there is room."""
    total = quotas_of(call, repo.owner_id).storage(private=repo.private)
    used = usage_of(call, repo.owner_id).storage(private=repo.private)
    if total == NO_LIMIT or used * 100 < total * NEARLY_FULL:
        return None
    return Fullness(repo.namespace, repo.private, shown(used), shown(total))


def warning(call: Call, repo: Repo) -> str:
    """What to tell who uploads to an owner that is nearly full; empty when there is room."""
    full = fullness(call, repo)
    if full is None:
        return ""
    kind = "private" if full.private else "public"
    return (
        f"{full.owner} has used {full.used} of {full.total} of {kind} storage."
        " Free space or ask for more under Settings, Plan & quota."
    )


def shown(size: int) -> str:
    """Bytes for people."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{size} B"


def _over(repo: Repo, needed: int, used: int, total: int) -> OverQuota:
    kind = "private" if repo.private else "public"
    need, left, whole = shown(needed), shown(max(0, total - used)), shown(total)
    return OverQuota(
        f"This would use {need} but only {left} is left of {whole} of {kind} storage of"
        f" {repo.namespace}. Free space or ask for more under Settings, Plan & quota.",
        need=need,
        left=left,
        total=whole,
    )


def _add(work: Work, repo: Repo, size: int) -> None:
    work.db.execute(
        sa.update(usages)
        .where(usages.c.owner_id == repo.owner_id, usages.c.private == repo.private)
        .values(bytes=usages.c.bytes + size)
    )
