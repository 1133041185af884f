"""Put a file together from the chunks it is made of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from strata.blobs.keys import xorb_key
from strata.blobs.xet import queries
from strata.core.call import reading
from strata.core.hub import Hub
from strata.lib.xet.hash import to_hex
from strata.lib.xet.reconstruction import Read, reads, span
from strata.lib.xet.table import ChunkTable, Terms
from strata.lib.xet.xorb import BadXorb, decode_chunks

PIECE_BYTES = 1024 * 1024  # what a step yields at least, except at the end
TABLES_KEPT = 128  # at most 43 MB; usually 5


class DamagedChunks(RuntimeError):
    """What the store holds is not what was put there; the bytes must not be served."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A xorb: its chunks and where its bytes are."""

    chunks: ChunkTable
    key: str


class ChunkTables:
    """The chunk tables of xorbs, read when needed, the last few kept; safe to share by threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, xorb: bytes) -> ChunkTable:
        """The chunks of a xorb.

        Raises:
            DamagedChunks: the xorb is not there, though a file needs it.
        """
        return self.entry(xorb).chunks

    def entry(self, xorb: bytes) -> Kept:
        """The chunks of a xorb and its key in the store; raises as `of`."""
        with self._lock:
            kept = self._kept.get(xorb)
            if kept is not None:
                self._kept.move_to_end(xorb)
                return kept
        with reading(self._hub) as call:
            chunks = queries.tables_of(call, [xorb]).get(xorb)
        if chunks is None:
            raise DamagedChunks(f"xorb {to_hex(xorb)} is missing")
        fresh = Kept(chunks, xorb_key(xorb, chunks))
        with self._lock:
            self._kept[xorb] = fresh
            while len(self._kept) > TABLES_KEPT:
                self._kept.popitem(last=False)
        return fresh


def stretch(hub: Hub, terms: Terms, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """Yield a stretch of a file in pieces of `PIECE_BYTES` or a little more."""
    stop = terms.size if length is None else min(start + length, terms.size)
    if start >= stop:
        return iter(())
    return _pieces(_views(hub, terms, (start, stop), ChunkTables(hub)))


def views(hub: Hub, terms: Terms, tables: ChunkTables) -> Iterator[bytes | memoryview]:
    """Yield a whole file chunk by chunk; a view is good until the next step."""
    if len(terms):
        yield from _views(hub, terms, (0, terms.size), tables)


def _views(
    hub: Hub, terms: Terms, wanted: tuple[int, int], tables: ChunkTables
) -> Iterator[bytes | memoryview]:
    for step in reads(terms, span(terms, *wanted), tables.of):
        key = tables.entry(step.xorb).key
        stored = hub.objects.read(key, step.first_byte, step.stop_byte - step.first_byte)
        yield from _trimmed(stored, step)


def _trimmed(stored: bytes, step: Read) -> Iterator[bytes | memoryview]:
    """Decode the chunks of one read and cut off what lies before and after the wanted bytes."""
    skip, left = step.skip, step.take
    try:
        for chunk in decode_chunks(stored):
            wanted = chunk[skip : skip + left]
            skip = max(skip - len(chunk), 0)
            left -= len(wanted)
            yield wanted
    except BadXorb as error:
        raise DamagedChunks(f"xorb {to_hex(step.xorb)}: {error}") from error
    if left:
        raise DamagedChunks(f"xorb {to_hex(step.xorb)} is {left} bytes short")


def _pieces(source: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    held: list[bytes | memoryview] = []
    size = 0
    for view in source:
        held.append(view)
        size += len(view)
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
