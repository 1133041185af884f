"""Reads the head of a file that may be huge and may lie about itself.

Every parser here takes a `Source`: it hands out the next bytes, never more than the budget in all,
and never more than there are. So a header that declares a length of exabytes costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class BadHeader(Exception):
    """The file is not what its name says, or asks for more than a header may hold."""


class Source:
    """The next bytes of a file, out of pieces that are fetched as they are needed."""

    def __init__(self, pieces: Iterable[bytes], budget: int) -> None:
        """Begin.

        Args:
            pieces: the file from its start, in pieces of any size.
            budget: bytes that may be read in all.
        """
        self._pieces: Iterator[bytes] = iter(pieces)
        self._held = b""
        self._at = 0  # within what is held
        self._budget = self._left = budget

    @property
    def spent(self) -> int:
        """Bytes that were read or passed over."""
        return self._budget - self._left

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            BadHeader: the file ends before, or the budget does.
        """
        self._spend(size)
        if self._at + size > len(self._held):
            self._fill(size)
        taken = self._held[self._at : self._at + size]
        self._at += size
        return taken

    def skip(self, size: int) -> None:
        """Pass over the next bytes without keeping them.

        Raises:
            BadHeader: the file ends before, or the budget does.
        """
        self._spend(size)
        rest = len(self._held) - self._at
        while rest < size:
            size -= rest
            self._held, self._at = self._next(), 0
            rest = len(self._held)
        self._at += size

    def _spend(self, size: int) -> None:
        if size > self._left:
            raise BadHeader("The header is larger than a header may be.")
        self._left -= size

    def _fill(self, size: int) -> None:
        parts = [self._held[self._at :]]
        held = len(parts[0])
        while held < size:
            parts.append(self._next())
            held += len(parts[-1])
        self._held, self._at = b"".join(parts), 0

    def _next(self) -> bytes:
        for piece in self._pieces:
            if piece:
                return piece
        raise BadHeader("The file ends within its header.")
