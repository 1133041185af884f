"""The body of a git request, unzipped on the way: git compresses what it asks for."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from starlette.requests import Request

from strata.core.errors import Malformed

PIECE_BYTES: Final = 1024 * 1024  # unzipped at a time, so that no zip bomb fills the memory
_GZIP: Final = 31  # zlib's window bits for a gzip header


class Body:
    """What a client sends, readable once; `ended` is set when nothing more will be read."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pieces = self._plain()
        self.ended = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def drain(self, max_bytes: int) -> None:
        """Read on and forget: a client that is still sending does not hear an answer."""
        async for piece in self._pieces:
            max_bytes -= len(piece)
            if max_bytes < 0:
                break

    async def _plain(self) -> AsyncGenerator[bytes, None]:
        try:
            match self._request.headers.get("content-encoding", "identity").lower():
                case "identity":
                    async for piece in self._request.stream():
                        if piece:
                            yield piece
                case "gzip" | "x-gzip":
                    async for piece in self._unzipped():
                        yield piece
                case other:
                    raise Malformed(f"A body in {other[:40]!r} cannot be read; send gzip or none.")
        finally:
            self.ended.set()

    async def _unzipped(self) -> AsyncGenerator[bytes, None]:
        unzipping = zlib.decompressobj(_GZIP)
        try:
            async for packed in self._request.stream():
                rest = packed
                while rest:
                    if unzipping.eof:
                        raise Malformed("Something follows the gzip body.")
                    plain = unzipping.decompress(rest, PIECE_BYTES)
                    if plain:
                        yield plain
                    rest = unzipping.unused_data or unzipping.unconsumed_tail
            if last := unzipping.flush():
                yield last
        except zlib.error as failure:
            raise Malformed(f"The gzip body is broken: {failure}") from failure
        if not unzipping.eof:
            raise Malformed("The gzip body is cut short.")
