"""CRC-64/NVME, the checksum by which clients announce a xorb before sending it.

Vectorised over lanes: a block is cut in lanes of equal length whose checksums are computed side by
side, then folded together. It works because a CRC is linear over XOR, and zeros in front of a
message do not change its bare remainder. Parameters: https://reveng.sourceforge.io/crc-catalogue/
(width 64, reflected polynomial 0x9a6c9329ac4bc9b5, initial value and final XOR all ones).
"""

import functools

import numpy as np
from numpy.typing import NDArray

from strata.lib.xet.limits import Buffer

_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ONES = 0xFFFF_FFFF_FFFF_FFFF
_WORD = 8
_LANE = 256  # bytes
_BLOCK = 4096 * _LANE  # bytes; a block and its lanes' state stay in the processor's cache

_Words = NDArray[np.uint64]


def _byte_table() -> list[int]:
    table = []
    for byte in range(256):
        state = byte
        for _ in range(8):
            state = state >> 1 ^ (_POLYNOMIAL if state & 1 else 0)
        table.append(state)
    return table


_TABLE = _byte_table()


def _slice_tables() -> list[_Words]:
    """Table k tells what a byte becomes after k more zero bytes."""
    base = np.array(_TABLE, np.uint64)
    tables = [base]
    for _ in range(_WORD - 1):
        previous = tables[-1]
        tables.append(previous >> np.uint64(8) ^ base[previous & np.uint64(0xFF)])
    return tables


_SLICES = _slice_tables()


@functools.cache
def _shift_tables(doublings: int) -> list[_Words]:
    """Tables that move a state past `_LANE << doublings` zero bytes, one per byte of state."""
    tables = [np.arange(256, dtype=np.uint64) << np.uint64(8 * place) for place in range(_WORD)]
    if doublings:
        half = _shift_tables(doublings - 1)
        return [_shift(_shift(table, half), half) for table in tables]
    for _ in range(_LANE // _WORD):
        tables = [_shift(table, _SLICES[::-1]) for table in tables]
    return tables


def _shift(states: _Words, tables: list[_Words]) -> _Words:
    """Replace each state by the XOR of what its eight bytes look up."""
    octets = states.astype("<u8").view(np.uint8).reshape(-1, _WORD)
    shifted = tables[0][octets[:, 0]]
    for place in range(1, _WORD):
        shifted ^= tables[place][octets[:, place]]
    return shifted


def _pair_table() -> _Words:
    """Four tables in a row, one per pair of a state's bytes: half the look-ups of `_SLICES`."""
    pairs = np.arange(1 << 16)
    low, high = pairs & 0xFF, pairs >> 8
    places = range(_WORD - 1, 0, -2)
    return np.concatenate([_SLICES[place][low] ^ _SLICES[place - 1][high] for place in places])


_PAIRS = _pair_table()
_PAIR_BEGINS = (np.arange(4) << 16)[:, np.newaxis]


def _lane_remainders(block: NDArray[np.uint8]) -> _Words:
    columns = np.ascontiguousarray(block.view("<u8").reshape(-1, _LANE // _WORD).T)
    lanes = columns.shape[1]
    states = np.zeros(lanes, "<u8")
    places = np.empty((4, lanes), np.intp)
    found = np.empty((4, lanes), np.uint64)
    for column in columns:
        np.bitwise_xor(states, column, out=states)
        np.add(states.view("<u2").reshape(-1, 4).T, _PAIR_BEGINS, out=places)
        np.take(_PAIRS, places, out=found, mode="clip")
        np.bitwise_xor.reduce(found, axis=0, out=states)
    return states


def _fold(remainders: _Words) -> int:
    """Join the remainders of neighbouring lanes until one is left."""
    doublings = (len(remainders) - 1).bit_length()
    padding = np.zeros((1 << doublings) - len(remainders), np.uint64)
    joined = np.concatenate([padding, remainders])
    for doubling in range(doublings):
        joined = _shift(joined[0::2], _shift_tables(doubling)) ^ joined[1::2]
    return int(joined[0])


def _advance(state: int, lanes: int) -> int:
    """Move a state past `lanes` lanes of zero bytes."""
    moved = np.array([state], np.uint64)
    for doubling in range(lanes.bit_length()):
        if lanes >> doubling & 1:
            moved = _shift(moved, _shift_tables(doubling))
    return int(moved[0])


class Crc64:
    """A running CRC-64/NVME: `update` with what arrives, read `value` at any time."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = _ONES

    @property
    def value(self) -> int:
        """The checksum of everything so far."""
        return self._state ^ _ONES

    def update(self, piece: Buffer) -> None:
        """Take in the next bytes."""
        octets = np.frombuffer(piece, np.uint8)
        whole = len(octets) - len(octets) % _LANE
        for start in range(0, whole, _BLOCK):
            block = octets[start : min(start + _BLOCK, whole)]
            moved = _advance(self._state, len(block) // _LANE)
            self._state = moved ^ _fold(_lane_remainders(block))
        self._take_singly(octets[whole:].tobytes())

    def _take_singly(self, octets: bytes) -> None:
        state = self._state
        for octet in octets:
            state = state >> 8 ^ _TABLE[(state ^ octet) & 0xFF]
        self._state = state


def crc64(piece: Buffer) -> int:
    """Checksum one buffer."""
    running = Crc64()
    running.update(piece)
    return running.value
