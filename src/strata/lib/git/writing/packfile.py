"""Write pack files: the one way in which objects get into a repository.

A pack is written beside the others under a name no reader looks at, made durable, and renamed;
its index comes last, because readers find packs by their indexes (gitformat-pack).
"""

import hashlib
import struct
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Literal

from strata.lib.git.model import StorePath
from strata.lib.git.store import sync_file, sync_folder

ObjectKind = Literal["commit", "tree", "blob", "tag"]

TEMPORARY = "tmp_pack_"
_TYPES: dict[ObjectKind, int] = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_HEADER = struct.Struct(">4sII")
_LARGE_OFFSET = 1 << 31
_FAST_FROM = 64 << 10
_PIECE = 1 << 20


def object_id(kind: ObjectKind, content: bytes) -> bytes:
    """Return the 20-byte id git gives to an object."""
    sha = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
    sha.update(content)
    return sha.digest()


class PackWriter:
    """Spool objects into a temporary pack; `finish` makes it a real one, `discard` drops it."""

    def __init__(self, path: StorePath) -> None:
        self._folder = Path(path) / "objects" / "pack"
        self._file: IO[bytes] | None = None
        self._entries: dict[bytes, tuple[int, int]] = {}  # id → offset, CRC-32
        self._offset = _HEADER.size

    def __contains__(self, oid: bytes) -> bool:
        return oid in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, kind: ObjectKind, content: bytes) -> bytes:
        """Add an object unless it is in; return its 20-byte id."""
        oid = object_id(kind, content)
        if oid not in self._entries:
            # Listings of ids hardly shrink; a later repack finds the deltas that do.
            level = 1 if kind == "tree" and len(content) > _FAST_FROM else -1
            self._append(oid, _entry_header(_TYPES[kind], len(content)), level, content)
        return oid

    def _append(self, oid: bytes, header: bytes, level: int, content: bytes) -> None:
        packed = header + zlib.compress(content, level)
        self._spool().write(packed)
        self._entries[oid] = (self._offset, zlib.crc32(packed))
        self._offset += len(packed)

    def _spool(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by finish or discard
                prefix=TEMPORARY, dir=self._folder, delete=False
            )
            self._file.write(_HEADER.pack(b"PACK", 2, 0))
        return self._file

    def finish(self) -> frozenset[bytes]:
        """Make the pack durable and visible; return its ids. The writer is empty afterwards."""
        if self._file is None:
            return frozenset()
        spool, entries = self._file, self._entries
        try:
            checksum = _seal(spool, len(entries))
            spool.close()
            _publish(self._folder, Path(spool.name), checksum, entries)
        except BaseException:
            self.discard()
            raise
        self._reset()
        return frozenset(entries)

    def discard(self) -> None:
        """Drop what was spooled."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
        self._reset()

    def _reset(self) -> None:
        self._file = None
        self._entries = {}
        self._offset = _HEADER.size


def _entry_header(kind: int, size: int) -> bytes:
    """Encode type and size: 4 bits of size in the first byte, then 7 in each."""
    octets = bytearray()
    current = (kind << 4) | (size & 0xF)
    size >>= 4
    while size:
        octets.append(current | 0x80)
        current = size & 0x7F
        size >>= 7
    octets.append(current)
    return bytes(octets)


def _seal(spool: IO[bytes], count: int) -> bytes:
    """Write the count, now known, and the checksum behind it all; return the checksum."""
    spool.seek(0)
    spool.write(_HEADER.pack(b"PACK", 2, count))
    spool.flush()
    spool.seek(0)
    sha = hashlib.sha1(usedforsecurity=False)
    while piece := spool.read(_PIECE):
        sha.update(piece)
    spool.write(sha.digest())
    spool.flush()
    return sha.digest()


def _publish(
    folder: Path, pack: Path, checksum: bytes, entries: dict[bytes, tuple[int, int]]
) -> None:
    index = Path(f"{pack}.idx-draft")
    try:
        index.write_bytes(_index(checksum, entries))
        install(folder, pack, index, f"pack-{checksum.hex()}")
    except BaseException:
        index.unlink(missing_ok=True)
        raise


def install(folder: Path, pack: Path, index: Path, name: str) -> None:
    """Move a finished pack and its index in, durably: pack first, index last.

    One wait for both names is enough: until it is over nothing points into the pack, and readers
    pass over an index whose pack is not there.
    """
    for draft in (pack, index):
        draft.chmod(0o444)
        sync_file(draft)
    pack.rename(folder / f"{name}.pack")
    index.rename(folder / f"{name}.idx")
    sync_folder(folder)


def _index(checksum: bytes, entries: dict[bytes, tuple[int, int]]) -> bytes:
    """Build a version 2 pack index."""
    names = sorted(entries)
    large: list[int] = []
    offsets: list[int] = []
    for name in names:
        offset = entries[name][0]
        if offset < _LARGE_OFFSET:
            offsets.append(offset)
        else:
            offsets.append(_LARGE_OFFSET | len(large))
            large.append(offset)
    count = len(names)
    body = b"".join(
        (
            b"\xfftOc",
            struct.pack(">I", 2),
            _fan_out(names),
            *names,
            struct.pack(f">{count}I", *(entries[name][1] for name in names)),
            struct.pack(f">{count}I", *offsets),
            struct.pack(f">{len(large)}Q", *large),
            checksum,
        )
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _fan_out(names: Iterable[bytes]) -> bytes:
    counts = [0] * 256
    for name in names:
        counts[name[0]] += 1
    total = 0
    sums: list[int] = []
    for count in counts:
        total += count
        sums.append(total)
    return struct.pack(">256I", *sums)


def index_names(index: Path) -> frozenset[bytes]:
    """Return the ids of all objects in a pack, from its version 2 index."""
    raw = index.read_bytes()
    (count,) = struct.unpack_from(">I", raw, 8 + 255 * 4)
    start = 8 + 256 * 4
    return frozenset(raw[place : place + 20] for place in range(start, start + count * 20, 20))
