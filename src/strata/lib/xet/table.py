"""The chunks of a xorb and the terms of a file as compact columns, ready for a database row.

A row per chunk would be hundreds of millions of rows; one blob per xorb (41 bytes a chunk) or file
(44 bytes a term) is read at once and looked at through numpy without copying. Columns follow each
other: first all hashes, then all of the next field. Numbers are little-endian.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strata.lib.xet import hash as xet_hash
from strata.lib.xet.limits import HASH_BYTES

CHUNK_BYTES = 41  # hash 32, stored end 4, raw length 4, scheme 1
TERM_BYTES = 44  # xorb hash 32, raw length 4, first chunk 4, end chunk 4


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """The chunks of one xorb; `packed` is what the database keeps.

    Raises:
        ValueError: `packed` is not a whole number of chunks.
    """

    packed: bytes

    def __post_init__(self) -> None:
        if len(self.packed) % CHUNK_BYTES:
            raise ValueError(f"{len(self.packed)} bytes are no chunk table: {CHUNK_BYTES} a chunk")

    @classmethod
    def of(cls, hashes: bytes, ends: ArrayLike, raw_lengths: ArrayLike, schemes: ArrayLike) -> Self:
        """Pack columns of equal length; `hashes` are raw, one after the other."""
        numbers = np.asarray(ends, "<u4"), np.asarray(raw_lengths, "<u4")
        kinds = np.asarray(schemes, np.uint8)
        count = len(hashes) // HASH_BYTES
        if not count == len(numbers[0]) == len(numbers[1]) == len(kinds):
            raise ValueError("the columns of a chunk table must be equally long")
        return cls(b"".join([hashes, *(column.tobytes() for column in numbers), kinds.tobytes()]))

    def __len__(self) -> int:
        return len(self.packed) // CHUNK_BYTES

    @property
    def hashes(self) -> bytes:
        """All chunk hashes, raw, one after the other."""
        return self.packed[: HASH_BYTES * len(self)]

    @property
    def ends(self) -> NDArray[np.uint32]:
        """Where each stored chunk ends in the stream, its header included."""
        return self._numbers(0)

    @property
    def raw_lengths(self) -> NDArray[np.uint32]:
        """Uncompressed bytes of each chunk."""
        return self._numbers(1)

    @property
    def schemes(self) -> NDArray[np.uint8]:
        """How each chunk is stored: 0 plain, 1 LZ4, 2 byte-grouped LZ4."""
        return np.frombuffer(self.packed, np.uint8, offset=(HASH_BYTES + 8) * len(self))

    def _numbers(self, place: int) -> NDArray[np.uint32]:
        offset = (HASH_BYTES + 4 * place) * len(self)
        return np.frombuffer(self.packed, "<u4", count=len(self), offset=offset)

    @property
    def raw_total(self) -> int:
        """Uncompressed bytes of the whole xorb."""
        return int(self.raw_lengths.sum(dtype=np.uint64))

    @property
    def stored_length(self) -> int:
        """Bytes of the whole stored chunk stream, headers included, footer not."""
        return int(self.ends[-1]) if len(self) else 0

    def raw_offsets(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """Where chunks `start` to `stop` begin, counted from the first; the last entry is the end.

        One entry more than chunks.
        """
        lengths = self.raw_lengths[start:stop]
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return offsets

    def hash_at(self, index: int) -> bytes:
        """Give the hash of one chunk."""
        return self.packed[HASH_BYTES * index : HASH_BYTES * (index + 1)]

    def hash_span(self, start: int, stop: int) -> bytes:
        """Give the raw hashes of chunks `start` to `stop`, ready for `hash.range_hash`."""
        return self.packed[HASH_BYTES * start : HASH_BYTES * stop]

    def byte_span(self, start: int, stop: int) -> tuple[int, int]:
        """Give first and end byte (exclusive) of stored chunks `start` to `stop`."""
        return int(self.ends[start - 1]) if start else 0, int(self.ends[stop - 1])

    def leaves(self, start: int = 0, stop: int | None = None) -> list[tuple[bytes, int]]:
        """Give (hash, raw length) of chunks `start` to `stop`, as the tree hashes want them."""
        lengths = self.raw_lengths[start:stop].tolist()
        return [(self.hash_at(start + place), length) for place, length in enumerate(lengths)]

    def dedup_candidates(self) -> list[int]:
        """List the chunks clients may ask the server about; see `hash.dedup_candidate`."""
        return [i for i in range(len(self)) if xet_hash.dedup_candidate(self.hash_at(i))]


@dataclass(frozen=True, slots=True)
class Term:
    """A run of chunks of one xorb that stands next in a file."""

    xorb: bytes  # hash
    raw_length: int  # bytes
    start: int  # chunk
    stop: int  # chunk, exclusive


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one file in order; `packed` is what the database keeps.

    Raises:
        ValueError: `packed` is not a whole number of terms.
    """

    packed: bytes

    def __post_init__(self) -> None:
        if len(self.packed) % TERM_BYTES:
            raise ValueError(f"{len(self.packed)} bytes are no terms: {TERM_BYTES} a term")

    @classmethod
    def of(cls, terms: list[Term]) -> Self:
        """Pack terms given one by one."""
        hashes = b"".join([term.xorb for term in terms])
        rows = np.array([(t.raw_length, t.start, t.stop) for t in terms], "<u4").reshape(-1, 3)
        return cls(hashes + rows.T.tobytes())

    def __len__(self) -> int:
        return len(self.packed) // TERM_BYTES

    def __iter__(self) -> Iterator[Term]:
        return iter(self.span(0, len(self)))

    def __getitem__(self, index: int) -> Term:
        if not 0 <= index < len(self):
            raise IndexError(f"no term {index} among {len(self)}")
        return self.span(index, index + 1)[0]

    def span(self, start: int, stop: int) -> list[Term]:
        """Unpack terms `start` to `stop`."""
        return [
            Term(self.xorb_at(start + place), *numbers)
            for place, numbers in enumerate(self._numbers()[:, start:stop].T.tolist())
        ]

    def xorb_at(self, index: int) -> bytes:
        """Give the xorb hash of one term."""
        return self.packed[HASH_BYTES * index : HASH_BYTES * (index + 1)]

    def xorbs(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """List the xorbs of terms `start` to `stop`, each once, in order of first use."""
        places = range(len(self))[start:stop]
        return list(dict.fromkeys([self.xorb_at(place) for place in places]))

    def offsets(self) -> NDArray[np.int64]:
        """Where each term begins in the file; the last entry is the size of the file."""
        offsets = np.zeros(len(self) + 1, np.int64)
        np.cumsum(self._numbers()[0], out=offsets[1:])
        return offsets

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return int(self._numbers()[0].sum(dtype=np.uint64))

    def _numbers(self) -> NDArray[np.uint32]:
        """Three rows: raw lengths, first chunks, end chunks."""
        return np.frombuffer(self.packed, "<u4", offset=HASH_BYTES * len(self)).reshape(3, -1)
