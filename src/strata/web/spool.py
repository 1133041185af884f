"""Large bodies: to a file while they arrive, and read to their end even when they are refused.

A client that is refused in the middle of sending sees a broken connection instead of the reason,
and sends everything again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request

from strata.core.errors import TooLarge
from strata.lib.objects.receive import BodyTooLarge, Received, receive

MIB = 1024 * 1024
DRAINED_BYTES = 128 * MIB  # of a refused body; whoever sends more has earned the broken connection


async def spooled(request: Request, staging: Path, *, limit: int, hashed: bool = True) -> Received:
    """Receive the body into a file below `staging`, which the caller then owns.

    Raises:
        TooLarge: it is longer than `limit` bytes.
    """
    body = request.stream()  # one of them: a second refuses to begin where the first has ended
    try:
        return await receive(body, staging, limit=limit, hashed=hashed)
    except BodyTooLarge as error:
        await drain(body)
        raise TooLarge(f"The request body is larger than {limit} bytes.") from error


async def drained(request: Request) -> None:
    """Read a body that nobody wants."""
    await drain(request.stream())


async def drain(body: AsyncIterator[bytes]) -> None:
    """Read what is left of a body that nobody wants."""
    left = DRAINED_BYTES
    async for piece in body:
        left -= len(piece)
        if left < 0:
            return
