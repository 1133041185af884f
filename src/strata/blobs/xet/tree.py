"""The hash of a file whose chunks come run by run, in memory that hardly grows with it.

`lib.xet.hash.file_hash` needs all chunks at once, which would be 8 million for the largest file.
Same tree, same result; https://huggingface.co/docs/xet/hashing.
"""

from __future__ import annotations

from collections.abc import Sequence

from strata.lib.xet import hash as xet_hash

Child = tuple[bytes, int]  # hash, raw bytes below it

GROUP_MIN = 2
GROUP_MAX = 9
SETTLE_AT = 4_096  # children that wait before a level is reduced


class FileTree:
    """A Merkle tree that is reduced while it grows."""

    def __init__(self) -> None:
        self._levels: list[list[Child]] = [[]]

    def add(self, chunks: Sequence[Child]) -> None:
        """Append the next chunks of the file."""
        self._levels[0].extend(chunks)
        if len(self._levels[0]) >= SETTLE_AT:
            self._reduce(0, end=False)

    def file_hash(self) -> bytes:
        """Close the tree; nothing can be added afterwards."""
        level = 0
        while level + 1 < len(self._levels) or len(self._levels[level]) > 1:
            self._reduce(level, end=True)
            level += 1
        return (
            xet_hash.keyed(self._levels[level][0][0], xet_hash.ZERO)
            if self._levels[level]
            else xet_hash.ZERO
        )

    def _reduce(self, level: int, *, end: bool) -> None:
        """Turn the complete groups of a level into parents; at the end all are complete."""
        waiting = self._levels[level]
        if level + 1 == len(self._levels):
            self._levels.append([])
        start = 0
        while start < len(waiting) and (end or len(waiting) - start >= GROUP_MAX):
            stop = _group_end(waiting, start)
            group = waiting[start:stop]
            parent = xet_hash.node(group), sum([length for _, length in group])
            self._levels[level + 1].append(parent)
            start = stop
        del waiting[:start]
        if not end and len(self._levels[level + 1]) >= SETTLE_AT:
            self._reduce(level + 1, end=False)


def _group_end(children: Sequence[Child], start: int) -> int:
    """Find where a group ends: after a hash divisible by four (third to eighth), or nine."""
    furthest = min(start + GROUP_MAX, len(children))
    for index in range(start + GROUP_MIN, furthest):
        if children[index][0][24] & 3 == 0:
            return index + 1
    return furthest
