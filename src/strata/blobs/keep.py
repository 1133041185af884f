"""Take in large files: bytes that arrived, and bytes that another repo already has."""

from __future__ import annotations

from collections.abc import Iterable

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.blobs import queries
from strata.blobs.keys import object_key
from strata.blobs.pointer import Pointer
from strata.blobs.present import keep_present
from strata.blobs.quota.room import give, require_room_for
from strata.core.call import Call, Work, working
from strata.core.names import Oid
from strata.lib.objects.receive import Received
from strata.repos.record import Repo


def keep(call: Call, repo: Repo, received: Received) -> Pointer:
    """Move a received file (hashed) into the store and give it to the repo.

    Opens its own transactions, so `call` must not be inside one. Bytes that the hub has already are
    not stored twice.

    Raises:
        ValueError: the file was received without hashing.
        OverQuota: the plan of the repo's owner has no room for it.
    """
    if received.sha256 is None:
        raise ValueError("a large file must be hashed while it is received")
    oid = Oid(received.sha256)
    require_room_for(call, repo, [(oid, received.size)])
    with working(call) as work:
        known = queries.announce(work, oid, received.size)
    if known:
        received.discard()
    else:
        call.hub.objects.put(object_key(oid), received.path)
        call.hub.crash_point("after-objects")
    with working(call) as work:
        if not known:
            queries.mark_stored(work, oid)
        give(work, repo, [oid])
    return Pointer(oid, received.size)


def share(work: Work, source: Repo, target: Repo, oids: Iterable[Oid]) -> list[Oid]:
    """Give large files of one repo to another without moving a byte; those `source` lacks.

    Raises:
        RepoNotFound, Unauthenticated, Forbidden: the caller may not read `source` or upload to
        `target`.
    """
    admit(work, Action.READ, source)
    # What a pull request may bring is uploaded before it is opened; a bucket has none.
    admit(work, Action.PROPOSE if target.type.has_git else Action.WRITE, target)
    wanted = list(oids)
    keep_present(work, source, wanted)
    found = queries.all_held(work, source.id, wanted)
    queries.touch_blobs(work, found)
    give(work, target, found)
    return [oid for oid in wanted if oid not in found]
