"""Where each kind of bytes stands in the object store."""

from __future__ import annotations

import hashlib

from strata.core.names import Oid
from strata.lib.xet.hash import from_hex, to_hex
from strata.lib.xet.table import ChunkTable

OBJECTS = "lfs"
XORBS = "xorbs"
PARTS = "parts"
INCOMING = "incoming"


def object_key(oid: Oid) -> str:
    """A whole large file."""
    return f"{OBJECTS}/{oid[:2]}/{oid[2:4]}/{oid}"


def xorb_key(xorb: bytes, chunks: ChunkTable) -> str:
    """The chunk stream of a xorb.

    A xorb's hash covers the raw chunks only; the same xorb may be serialized in several ways, whose
    chunks stand at other places. The second half of the name tells them apart, so that bytes and
    chunk table always belong together.
    """
    text = to_hex(xorb)
    layout = hashlib.sha256(chunks.packed).hexdigest()[:16]
    return f"{XORBS}/{text[:2]}/{text}-{layout}"


def xorb_in(key: str) -> bytes:
    """The hash of the xorb that stands under this key."""
    return from_hex(key.rpartition("/")[2].partition("-")[0])


def part_key(upload_key: str, number: int) -> str:
    """One part of an upload that the hub takes itself."""
    return f"{PARTS}/{upload_key}/{number:05d}"


def incoming_key(upload_key: str) -> str:
    """Bytes that a client put into the object store and nobody has checked yet."""
    return f"{INCOMING}/{upload_key}"
