"""Answer "do you have this chunk?" without giving anything away.

The answer lists chunk hashes keyed with a key made for it alone, so that only a client that holds a
chunk recognises it, and only xorbs of files the caller could read anyway. Other xorbs of the same
file come along: one question covers it whole.
"""

from __future__ import annotations

import secrets

from strata.blobs import queries as blob_queries
from strata.blobs.xet import queries
from strata.core.call import Call, working
from strata.lib.xet.shard_write import dedup_answer
from strata.repos.record import Repo

SIBLINGS_MAX = 64  # xorbs in one answer: up to 4 GiB of raw bytes
FORGET_AFTER_S = -60  # already expired: clients use an answer in that process only


def answer(call: Call, repo: Repo, chunk: bytes) -> bytes | None:
    """Build the shard that tells where a chunk is; None when the caller may know of none."""
    place = queries.visible_file_with(call, chunk, repo.id)
    if place is None:
        return None
    xorb, file_hash = place
    siblings = queries.xorbs_of_file(call, file_hash, SIBLINGS_MAX)
    advertised = list(dict.fromkeys([xorb, *siblings]))[:SIBLINGS_MAX]
    _keep_a_while(call, advertised)
    tables = queries.tables_of(call, advertised)
    if xorb not in tables:
        return None
    now = int(call.now.timestamp())
    described = [(one, tables[one]) for one in advertised if one in tables]
    return dedup_answer(described, secrets.token_bytes(32), now, now + FORGET_AFTER_S)


def _keep_a_while(call: Call, xorbs: list[bytes]) -> None:
    """A client that was told of a xorb will refer to it: the sweep must know."""
    noted = queries.last_references(call, xorbs).values()
    if any(call.now - when > blob_queries.TOUCH_AFTER for when in noted):
        with working(call) as work:
            queries.touch_xorbs(work, xorbs)
