"""Remove bytes that nothing needs any more, while the hub runs.

What is needed is what git reaches from any ref of any living repo, what any living bucket has a
file for, and whatever is young: clients reuse uploaded chunks for 21 days without asking, so
nothing goes before `xet.retention_days` after its last upload, reference or advertisement.

A plan is made by reading alone. Removal then asks again, in the deleting transaction: rows are
touched before bytes are relied upon (`present.require_present`, `queries.announce`,
`xet.queries.touch_xorbs`), so whatever came into use since the plan is young and stays. Bytes go in
two steps: first the row says that they are not here, so that an upload brings them anew; then, with
that row locked, the object and the row. That second transaction waits for the store, which a
transaction otherwise never does: the lock keeps an upload of the same bytes out for that moment.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from strata.blobs import queries
from strata.blobs.keys import incoming_key, object_key, xorb_key
from strata.blobs.lfs.uploads import remove_traces
from strata.blobs.quota.usage import recount_later
from strata.blobs.sweeping import queries as sweep_queries, strays
from strata.blobs.sweeping.plan import Claims, SweepPlan, planned
from strata.blobs.sweeping.strays import Stray
from strata.blobs.xet import queries as xet_queries
from strata.core.call import Call, working
from strata.core.names import Oid
from strata.events.facts import record
from strata.lib.objects.receive import sweep_staging

GRACE = timedelta(days=1)  # for what is under way: uploads, spool files, requests on a deleted repo


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep removed, or would remove."""

    deleted: bool
    claims: int = 0  # files that a repo was given and no longer refers to
    files: int = 0
    file_bytes: int = 0
    xorbs: int = 0
    xorb_bytes: int = 0  # as stored
    strays: int = 0  # objects in the store that no row knows
    uploads: int = 0  # LFS uploads and Xet grants that nobody finished
    staging_files: int = 0  # counted only when they are removed
    folders: int = 0  # git folders of deleted repos
    unreadable: tuple[str, ...] = ()  # keys of repos whose history has a hole; they keep all


@dataclass(frozen=True, slots=True)
class _Leftovers:
    """What is not reachable from rows, and what was never finished."""

    strays: list[Stray]
    uploads: list[queries.Upload]
    grants: list[xet_queries.Grant]
    folders: list[Path]


def plan(call: Call) -> SweepReport:
    """Tell what a sweep would remove."""
    return sweep(call, delete=False)


def sweep(call: Call, *, delete: bool) -> SweepReport:
    """Remove what nothing needs; without `delete` only tell what that is.

    `call` must not be inside a transaction.
    """
    found = planned(call, call.now - timedelta(days=call.hub.settings.xet.retention_days))
    leftovers = _leftovers(call, found)
    if not delete:
        return _told(found, leftovers)
    done = _carried_out(call, found, leftovers)
    with working(call) as work:
        record(work, "admin.gc", detail={"files": done.files, "bytes": done.file_bytes})
    return done


def _leftovers(call: Call, found: SweepPlan) -> _Leftovers:
    dead = [repo for repo, _ in found.claims.dead if _over(call, repo.deleted_at)]
    folders = [call.hub.git_path(repo.key) for repo in dead]
    return _Leftovers(
        strays=strays.found(call, found.before),
        uploads=queries.expired_uploads(call, call.now - GRACE),
        grants=xet_queries.expired_grants(call, call.now - GRACE),
        folders=[folder for folder in folders if folder.exists()],
    )


def _over(call: Call, moment: datetime) -> bool:
    return moment < call.now - GRACE


def _told(found: SweepPlan, leftovers: _Leftovers) -> SweepReport:
    return SweepReport(
        deleted=False,
        claims=sum([1 for _ in found.claims.pairs()]),
        files=len(found.files),
        file_bytes=sum(found.files.values()),
        xorbs=len(found.xorbs),
        xorb_bytes=sum(found.xorbs.values()),
        strays=len(leftovers.strays),
        uploads=len(leftovers.uploads) + len(leftovers.grants),
        folders=len(leftovers.folders),
        unreadable=tuple(found.claims.unreadable),
    )


def _carried_out(call: Call, found: SweepPlan, leftovers: _Leftovers) -> SweepReport:
    claims = _drop_claims(call, found.claims, found.before)
    files = [found.files[oid] for oid in found.files if _remove_file(call, oid, found.before)]
    xorbs = [found.xorbs[xorb] for xorb in found.xorbs if _remove_xorb(call, xorb, found.before)]
    gone = [stray for stray in leftovers.strays if strays.remove(call, stray)]
    _end_unfinished(call, leftovers)
    for folder in leftovers.folders:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(
        _told(found, leftovers),
        deleted=True,
        claims=claims,
        files=len(files),
        file_bytes=sum(files),
        xorbs=len(xorbs),
        xorb_bytes=sum(xorbs),
        strays=len(gone),
        staging_files=_sweep_staging(call),
    )


def _drop_claims(call: Call, claims: Claims, before: datetime) -> int:
    dropped = 0
    for living, oids in claims.living:
        with working(call) as work:
            gone = sweep_queries.drop_claims(work, living, oids, before)
            if gone:
                recount_later(work, sweep_queries.owner_of(work, living.id))
            dropped += gone
    for dead, _ in claims.dead:
        with working(call) as work:
            dropped += sweep_queries.drop_all_claims(work, dead.id)
    return dropped


def _remove_file(call: Call, oid: Oid, before: datetime) -> bool:
    with working(call) as work:
        if not sweep_queries.retire_blob(work, oid, before):
            return False
    with working(call) as work:
        if not sweep_queries.remove_blob(work, oid, before):
            return False
        call.hub.objects.delete(object_key(oid))
    return True


def _remove_xorb(call: Call, xorb: bytes, before: datetime) -> bool:
    with working(call) as work:
        if not sweep_queries.retire_xorb(work, xorb, before):
            return False
    with working(call) as work:
        chunks = sweep_queries.remove_xorb(work, xorb, before)
        if chunks is None:
            return False
        call.hub.objects.delete(xorb_key(xorb, chunks))
    return True


def _end_unfinished(call: Call, leftovers: _Leftovers) -> None:
    for upload in leftovers.uploads:
        remove_traces(call.hub.objects, upload)
    for grant in leftovers.grants:
        if grant.direct:
            call.hub.objects.delete(incoming_key(grant.id))
    with working(call) as work:
        for upload in leftovers.uploads:
            queries.end_upload(work, upload.key)
        for grant in leftovers.grants:
            xet_queries.end_grant(work, grant.id)


def _sweep_staging(call: Call) -> int:
    return sweep_staging(
        call.hub.objects.staging(),
        older_than_s=GRACE.total_seconds(),
        now=call.now.timestamp(),
    )
