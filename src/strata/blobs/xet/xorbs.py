"""Take in xorbs: every chunk is decoded and hashed before a byte is believed."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from strata.blobs.keys import xorb_key
from strata.blobs.xet import queries
from strata.core.call import Call, working
from strata.core.errors import Malformed
from strata.lib.objects.receive import Received
from strata.lib.xet.hash import to_hex
from strata.lib.xet.xorb import BadXorb, Xorb, inspect
from strata.repos.record import Repo


def take_in(call: Call, claimed: bytes, received: Received) -> bool:
    """Check a spooled xorb and keep it; False when it is there already. The file is consumed.

    Of two serializations of one xorb the first stays. An old client's footer is cut off.

    Raises:
        Malformed: not a valid xorb, or not the one the URL names.
    """
    try:
        xorb = _inspected(received.path, claimed)
        with working(call) as work:
            known = queries.announce_xorb(work, xorb)
        if known:
            return False
        os.truncate(received.path, xorb.stored_length)
        return _stored(call, xorb, received.path)
    finally:
        received.discard()


def _stored(call: Call, xorb: Xorb, path: Path) -> bool:
    key = xorb_key(xorb.hash, xorb.chunks)
    call.hub.objects.put(key, path)
    call.hub.crash_point("after-objects")
    with working(call) as work:
        first = queries.mark_xorb_stored(work, xorb)
    if not first:
        call.hub.objects.delete(key)
    return first


def _inspected(path: Path, claimed: bytes) -> Xorb:
    try:
        with path.open("rb") as file:
            xorb = inspect(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (BadXorb, ValueError) as error:  # an empty file cannot be mapped
        raise Malformed(f"invalid xorb: {error}") from error
    if xorb.hash != claimed:
        raise Malformed(f"invalid xorb: its hash is {to_hex(xorb.hash)}, not {to_hex(claimed)}")
    return xorb


def length_of(call: Call, repo: Repo, xorb: bytes) -> int | None:
    """Stored bytes of a xorb; None when the caller may read no file that is made of it.

    Whose it is else, and whether it is here at all, is nobody's business.
    """
    if not queries.xorb_is_visible(call, xorb, repo.id):
        return None
    return queries.stored_bytes(call, xorb)


def known(call: Call, xorb: bytes) -> bool:
    """Tell whether a xorb is here, and keep it here for a client that will rely on it."""
    if xorb not in queries.last_references(call, [xorb]):
        return False
    with working(call) as work:
        queries.touch_xorbs(work, [xorb])
        return xorb in queries.last_references(work, [xorb])
