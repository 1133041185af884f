"""Are the bytes of every large file where the tables say? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from strata.blobs.keys import object_key, xorb_key
from strata.blobs.tables import blobs, repo_blobs, xet_files, xorbs
from strata.core.call import Call
from strata.core.findings import Check, Finding
from strata.core.names import Oid
from strata.lib.xet.hash import to_hex
from strata.lib.xet.table import ChunkTable

_BATCH = 500  # rows held at once; a xorb's row has up to 340 KB of chunks


def unsound_objects(call: Call) -> Iterator[Finding]:
    """Compare the tables with the object store."""
    yield from _files(call)
    yield from _ungiven(call)
    yield from _xorbs(call)


def _files(call: Call) -> Iterator[Finding]:
    last = ""
    while rows := call.db.execute(
        sa.select(blobs.c.sha256, blobs.c.size)
        .where(blobs.c.stored, blobs.c.sha256 > last)
        .order_by(blobs.c.sha256)
        .limit(_BATCH)
    ).all():
        for sha256, size in rows:
            problem = _problem_of(call, object_key(Oid(sha256)), size)
            if problem is not None and _still(call, blobs, blobs.c.sha256 == sha256):
                yield Finding(Check.OBJECTS, sha256, problem)
        last = rows[-1].sha256


def _ungiven(call: Call) -> Iterator[Finding]:
    """Files that a repo was given and that are kept nowhere."""
    whole = sa.or_(blobs.c.stored, sa.exists().where(xet_files.c.hash == blobs.c.xet_hash))
    given = sa.exists().where(repo_blobs.c.sha256 == blobs.c.sha256)
    for sha256 in call.db.scalars(sa.select(blobs.c.sha256).where(given, ~whole)).all():
        yield Finding(Check.OBJECTS, sha256, "repos were given this file, and it is kept nowhere")


def _xorbs(call: Call) -> Iterator[Finding]:
    last = b""
    while rows := call.db.execute(
        sa.select(xorbs.c.hash, xorbs.c.stored_bytes, xorbs.c.chunks)
        .where(xorbs.c.stored, xorbs.c.hash > last)
        .order_by(xorbs.c.hash)
        .limit(_BATCH)
    ).all():
        for xorb, size, chunks in rows:
            problem = _problem_of(call, xorb_key(xorb, ChunkTable(chunks)), size)
            if problem is not None and _still(call, xorbs, xorbs.c.hash == xorb):
                yield Finding(Check.OBJECTS, to_hex(xorb), problem)
        last = rows[-1].hash


def _problem_of(call: Call, key: str, size: int) -> str | None:
    facts = call.hub.objects.facts(key)
    if facts is None:
        return f"{key} is missing in the object store"
    return None if facts.size == size else f"{key} has {facts.size} bytes instead of {size}"


def _still(call: Call, table: sa.Table, here: sa.ColumnElement[bool]) -> bool:
    """Whether the table still says so: the sweep may have been at work between two looks."""
    return bool(call.db.scalar(sa.select(sa.exists().where(here, table.c.stored))))
