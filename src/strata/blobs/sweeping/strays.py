"""Objects in the store that no row knows: left behind by a crash or a restored backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from strata.blobs.keys import OBJECTS, XORBS, object_key, xorb_key
from strata.blobs.queries import in_batches
from strata.blobs.sweeping import queries as sweep_queries
from strata.core.call import Call, working
from strata.core.names import Oid, is_oid
from strata.lib.xet.hash import from_hex

LOOKED_UP_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Stray:
    """One object that no row knows."""

    key: str
    oid: Oid | None = None  # a whole file
    xorb: bytes | None = None


def found(call: Call, before: datetime) -> list[Stray]:
    """Find the strays that are older than `before`."""
    return [*_stray_files(call, before), *_stray_xorbs(call, before)]


def remove(call: Call, stray: Stray) -> bool:
    """Remove a stray unless its bytes were announced meanwhile.

    The row of these bytes is taken for the moment of the removal, so that an upload waits.
    """
    with working(call) as work:
        if stray.oid is not None:
            if not sweep_queries.claim_blob_name(work, stray.oid):
                return False
            call.hub.objects.delete(stray.key)
            sweep_queries.give_up_blob_name(work, stray.oid)
            return True
        if stray.xorb is None or not _is_stray(work, stray.xorb, stray.key):
            return False
        taken = sweep_queries.claim_xorb_name(work, stray.xorb)
        call.hub.objects.delete(stray.key)
        if taken:
            sweep_queries.give_up_xorb_name(work, stray.xorb)
        return True


def _stray_files(call: Call, before: datetime) -> Iterator[Stray]:
    keys = (facts.key for facts in call.hub.objects.keys(OBJECTS) if facts.modified < before)
    named = ((key, key.rsplit("/", 1)[-1]) for key in keys)
    ours = (Oid(name) for key, name in named if is_oid(name) and object_key(Oid(name)) == key)
    for batch in in_batches(ours, LOOKED_UP_AT_ONCE):
        known = sweep_queries.known_blobs(call, batch)
        yield from [Stray(object_key(oid), oid=oid) for oid in batch if oid not in known]


def _stray_xorbs(call: Call, before: datetime) -> Iterator[Stray]:
    for facts in call.hub.objects.keys(XORBS):
        name = facts.key.rsplit("/", 1)[-1].partition("-")[0]
        if facts.modified >= before or not is_oid(name):
            continue
        xorb = from_hex(name)
        if _is_stray(call, xorb, facts.key):
            yield Stray(facts.key, xorb=xorb)


def _is_stray(call: Call, xorb: bytes, key: str) -> bool:
    """No row, or a row whose xorb stands in the store in another serialization."""
    state = sweep_queries.xorb_state(call, xorb)
    if state is None:
        return True
    stored, chunks = state
    return stored and xorb_key(xorb, chunks) != key
