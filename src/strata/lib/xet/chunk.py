"""Where a file is cut: content-defined chunks by Gearhash, exactly where hf_xet cuts.

The rolling hash is `h = (h << 1) + GEAR[byte]` modulo 2^64; a chunk ends after a byte where the top
16 bits are zero and at least 8 KiB are in it, else at 128 KiB. A byte leaves the hash after 64
steps, and no chunk is shorter than that, so the places where the top bits are zero do not depend on
earlier cuts: they are found for a whole block at once. GEAR is the default table of the Rust crate
`gearhash`. Specification: https://huggingface.co/docs/xet/chunking.
"""

import itertools
from collections.abc import Iterable, Iterator
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from strata.lib.xet.limits import CHUNK_MAX, CHUNK_MIN, Buffer

_GEAR = np.frombuffer(
    resources.files("strata.lib.xet").joinpath("gear.bin").read_bytes(), "<u8"
).astype(np.uint64)
_WINDOW = 64  # bytes that count in the hash
_BLOCK = 32 * 1024  # bytes hashed at once; what it needs fits the processor's cache
_CUT_BELOW = np.uint64(1 << 48)  # "top 16 bits are zero"


def chunk_lengths(source: Buffer | Iterable[Buffer]) -> Iterator[int]:
    """Yield the raw length of each chunk of a file, in order.

    Takes the file whole or as consecutive buffers of any size; how it was divided does not matter.
    """
    buffers = [source] if isinstance(source, Buffer) else source
    start = 0  # of the chunk being grown, counted from the beginning of the file
    position = 0
    for position, candidates in _scan(buffers):
        for end in candidates:
            yield from _full_chunks(start, end)
            start = end - (end - start) % CHUNK_MAX
            if end - start >= CHUNK_MIN:
                yield end - start
                start = end
        yield from _full_chunks(start, position)
        start = position - (position - start) % CHUNK_MAX
    if position > start:
        yield position - start


def _full_chunks(start: int, end: int) -> Iterator[int]:
    return itertools.repeat(CHUNK_MAX, (end - start) // CHUNK_MAX)


def _scan(buffers: Iterable[Buffer]) -> Iterator[tuple[int, list[int]]]:
    """Yield, block by block, how far we are and where the hash allows a cut."""
    roller = _Roller()
    position = 0
    for buffer in buffers:
        octets = np.frombuffer(buffer, np.uint8)
        for begin in range(0, len(octets), _BLOCK):
            block = octets[begin : begin + _BLOCK]
            ends = (roller.cuts(block) + (position + 1)).tolist()
            position += len(block)
            yield position, ends


class _Roller:
    """The hash at every byte of a block, remembering the bytes before it."""

    __slots__ = ("_hashes", "_octets", "_shifted")

    def __init__(self) -> None:
        self._octets = np.zeros(_WINDOW - 1 + _BLOCK, np.uint8)
        self._hashes = np.empty(len(self._octets), np.uint64)
        self._shifted = np.empty(len(self._octets), np.uint64)

    def cuts(self, block: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Find the bytes of the block after which the hash allows a cut."""
        used = _WINDOW - 1 + len(block)
        octets, hashes, shifted = self._octets[:used], self._hashes[:used], self._shifted[:used]
        octets[_WINDOW - 1 :] = block
        np.take(_GEAR, octets, out=hashes, mode="clip")
        reach = 1
        while reach < _WINDOW:  # after each round a hash covers twice as many bytes
            np.left_shift(hashes[:-reach], np.uint64(reach), out=shifted[reach:])
            np.add(hashes[reach:], shifted[reach:], out=hashes[reach:])
            reach *= 2
        octets[: _WINDOW - 1] = octets[len(block) :].copy()
        return np.flatnonzero(hashes[_WINDOW - 1 :] < _CUT_BELOW)
