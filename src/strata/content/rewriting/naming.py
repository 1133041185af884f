"""Where git has each large file, so that its owner can tell what it is.

Lists look at the heads of the refs for what has no name yet; the job remembers names, and searches
all of history for what left every head. A large file is known by its sha256; people know it by a
path. Pointers are canonical text, so the git blob of each is known beforehand, and looking for it
reads folders only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from strata.blobs import pointer as pointers
from strata.blobs.inventory import queries as inventory
from strata.blobs.inventory.holdings import MAX_PAGE, Holding, Page, holdings
from strata.blobs.inventory.queries import NOWHERE
from strata.blobs.pointer import Pointer
from strata.blobs.queries import in_batches
from strata.content import queries
from strata.content.queries import RefRow
from strata.content.refs import BRANCHES, MAIN_REF, TAGS
from strata.core.call import Call, working
from strata.core.names import Oid
from strata.lib.git import read as git
from strata.lib.git.writing.packfile import object_id
from strata.repos import queries as records
from strata.repos.record import Repo

NAMED_AT_ONCE: Final = 1_000
Names = dict[Oid, tuple[str, str | None]]  # path and ref


@dataclass(frozen=True, slots=True)
class NameLargeFiles:
    """Find a path for each large file of a repo that has none yet."""

    kind: ClassVar[str] = "content.names"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = records.repo_by_id(call, self.repo_id)
        unnamed = inventory.unnamed(call, repo.id) if repo else {}
        if repo is None or not unnamed:
            return
        sizes = {oid: size for oid, (size, _) in unnamed.items()}
        names = _found(call, repo, sizes)
        fresh = {
            oid: size for oid, (size, searched) in unnamed.items() if not searched | (oid in names)
        }
        if fresh:  # gone from every head: once, all of history is searched
            names |= dict.fromkeys(fresh, (NOWHERE, None))
            names |= _found(call, repo, fresh, history=True)
        for batch in in_batches(names, NAMED_AT_ONCE):  # nobody shall wait long for the database
            with working(call) as work:
                inventory.name(work, repo.id, {oid: names[oid] for oid in batch})


def large_files_of(
    call: Call, repo: Repo, limit: int = MAX_PAGE, cursor: str | None = None
) -> Page:
    """List the large files of a repo, the last pushed first, by the names they have now.

    Raises:
        Malformed: a cursor that is not ours.
    """
    page = holdings(call, repo, limit, cursor)
    bare = {row.oid: row.size for row in page.rows if not row.filename}
    names = _found(call, repo, bare) if bare else {}
    rows = [_named(row, *names[row.oid]) if row.oid in names else row for row in page.rows]
    return Page(rows, page.cursor)


def _named(row: Holding, filename: str, ref: str | None) -> Holding:
    return replace(row, filename=filename, ref=ref)


def _rank(ref: RefRow) -> tuple[int, str]:
    """Order refs by what tells people most: main, branches, tags, the rest."""
    kinds = (MAIN_REF, BRANCHES, TAGS, "")
    return next(rank for rank, kind in enumerate(kinds) if ref.name.startswith(kind)), ref.name


def _found(call: Call, repo: Repo, sizes: dict[Oid, int], *, history: bool = False) -> Names:
    blobs = {
        object_id("blob", pointers.text(Pointer(oid, size))).hex(): oid
        for oid, size in sizes.items()
    }
    first: dict[str, str] = {}
    for ref in sorted(queries.all_refs(call, repo.id), key=_rank):
        first.setdefault(ref.commit, ref.name)
    places = git.paths_of(call.hub.git_path(repo.key), first, blobs, history=history)
    return {blobs[blob]: (path, first[tip]) for blob, (tip, path) in places.items()}
