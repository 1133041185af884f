"""What large files a repo has been given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from strata.blobs import queries
from strata.core.call import Call, Work, working
from strata.core.errors import Unprocessable
from strata.core.names import Oid
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A large file of a repo."""

    oid: Oid
    size: int  # bytes
    xet_hash: str | None  # 64 hex of the Xet file; None while it is kept as one object only


def require_present(
    call: Call, repo: Repo, wanted: Sequence[tuple[Oid, int | None]]
) -> dict[Oid, int]:
    """Insist that this repo was given all these bytes; their sizes.

    Files whose last use lies back are noted as used, so that no sweep takes them before the commit
    lands.

    Raises:
        Unprocessable: names the first file that is missing here, or whose size is not the one
        given.
    """
    oids = [oid for oid, _ in wanted]
    keep_present(call, repo, oids)
    found = queries.all_held(call, repo.id, oids)
    for oid, size in wanted:
        if oid not in found:
            raise Unprocessable(
                f"The large file with sha256 {oid} is not in {repo.full_name}."
                " Upload it first (by LFS or Xet), then commit."
            )
        if size is not None and size != found[oid].size:
            raise Unprocessable(
                f"The large file with sha256 {oid} has {found[oid].size} bytes, not {size}."
            )
    return {oid: held.size for oid, held in found.items()}


def _touch(call: Call, repo: Repo, oids: list[Oid]) -> None:
    if isinstance(call, Work):
        queries.touch(call, repo.id, oids)
        return
    with working(call) as work:
        queries.touch(work, repo.id, oids)


def keep_present(call: Call, repo: Repo, oids: Sequence[Oid]) -> bool:
    """Note that files are used, so that no sweep takes them; False when that is known already."""
    old = queries.stale(call, repo.id, oids)
    if old:
        _touch(call, repo, old)
    return bool(old)


def large_files(call: Call, repo: Repo, oids: Iterable[Oid]) -> dict[Oid, LargeFile]:
    """Look up the large files of a repo in one query; unknown ones are left out."""
    found = queries.all_held(call, repo.id, oids)
    return {oid: LargeFile(oid, held.size, held.xet_hash) for oid, held in found.items()}
