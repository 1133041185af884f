"""Hashes of Xet: chunks, nodes, xorbs, files and term ranges, all keyed BLAKE3.

A hash is 32 raw bytes. Its text is not the plain hex of those bytes: each group of eight bytes is
read as a little-endian number and printed as 16 hex digits. Specification:
https://huggingface.co/docs/xet/hashing; grouping as in xet-core `merklehash/aggregated_hashes.rs`.
"""

import re
from collections.abc import Sequence

import numpy as np
from blake3 import blake3

from strata.lib.xet.limits import HASH_BYTES, Buffer

ZERO = bytes(HASH_BYTES)

_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_GROUP_MIN = 2
_GROUP_MAX = 9
_DEDUP_MODULUS = 1024


def _swapped(raw: bytes) -> bytes:
    return np.frombuffer(raw, np.uint64).byteswap().tobytes()


def to_hex(raw: bytes) -> str:
    """Print a hash as clients do: four little-endian numbers, 64 digits.

    Raises:
        ValueError: `raw` is not 32 bytes.
    """
    if len(raw) != HASH_BYTES:
        raise ValueError(f"a hash is {HASH_BYTES} bytes, not {len(raw)}")
    return _swapped(raw).hex()


def from_hex(text: str) -> bytes:
    """Read the 64 digits that `to_hex` prints, in either case.

    Raises:
        ValueError: anything but 64 hexadecimal digits.
    """
    if _HEX.fullmatch(text) is None:
        raise ValueError("a hash is written as 64 hexadecimal digits")
    return _swapped(bytes.fromhex(text))


def sha256_to_shard(digest: str) -> bytes:
    """Turn the ordinary hex of a SHA-256 into the 32 bytes a shard stores.

    Raises:
        ValueError: anything but 64 hexadecimal digits.
    """
    return from_hex(digest)


def sha256_from_shard(raw: bytes) -> str:
    """Turn the 32 bytes a shard stores into the ordinary hex of a SHA-256."""
    return to_hex(raw)


def chunk_hash(raw: Buffer) -> bytes:
    """Hash the uncompressed bytes of one chunk."""
    return blake3(raw, key=_DATA_KEY).digest()


def range_hash(chunk_hashes: Buffer) -> bytes:
    """Hash a term's chunk hashes, given one after the other as raw bytes.

    It is the protocol's only proof that a client holds the bytes it refers to.
    """
    return blake3(chunk_hashes, key=_RANGE_KEY).digest()


def keyed(raw: bytes, key: bytes) -> bytes:
    """Hide a hash from those who do not hold the chunk: BLAKE3 keyed with `key`."""
    return blake3(raw, key=key).digest()


def dedup_candidate(raw: bytes) -> bool:
    """Tell whether clients ask the server about this chunk (one in 1,024)."""
    return int.from_bytes(raw[24:26], "little") % _DEDUP_MODULUS == 0


def node(children: Sequence[tuple[bytes, int]]) -> bytes:
    """Hash one inner node from its children's hashes and raw lengths."""
    return _node_hash(_node_lines(children))


def _node_lines(children: Sequence[tuple[bytes, int]]) -> list[str]:
    digits = _swapped(b"".join([child for child, _ in children])).hex()
    return [
        f"{digits[64 * index : 64 * index + 64]} : {length}\n"
        for index, (_, length) in enumerate(children)
    ]


def _node_hash(lines: list[str]) -> bytes:
    return blake3("".join(lines).encode(), key=_NODE_KEY).digest()


def merkle_root(leaves: Sequence[tuple[bytes, int]]) -> bytes:
    """Hash chunks, given as (hash, raw length), to the root of their tree.

    The root over a xorb's chunks is the xorb's hash. No leaves give 32 zero bytes, one gives
    itself.
    """
    level = leaves
    while len(level) > 1:
        level = _parents(level)
    return level[0][0] if level else ZERO


def _parents(level: Sequence[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    lines = _node_lines(level)
    parents = []
    start = 0
    while start < len(level):
        stop = _group_end(level, start)
        total = sum([length for _, length in level[start:stop]])
        parents.append((_node_hash(lines[start:stop]), total))
        start = stop
    return parents


def _group_end(level: Sequence[tuple[bytes, int]], start: int) -> int:
    """Find where the group beginning at `start` ends: a hash divisible by four closes it."""
    furthest = min(start + _GROUP_MAX, len(level))
    for index in range(start + _GROUP_MIN, furthest):
        if level[index][0][24] & 3 == 0:
            return index + 1
    return furthest


def file_hash(chunks: Sequence[tuple[bytes, int]]) -> bytes:
    """Hash a whole file from its chunks' (hash, raw length), in file order.

    The empty file has 32 zero bytes.
    """
    return blake3(merkle_root(chunks), key=ZERO).digest() if chunks else ZERO
