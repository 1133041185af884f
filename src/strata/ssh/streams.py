"""The bytes of one command, with an end to patience: nobody holds a git process for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import asyncssh

PIECE_BYTES: Final = 256 * 1024
_INTERRUPTED: Final = (
    asyncssh.BreakReceived,
    asyncssh.SignalReceived,
    asyncssh.TerminalSizeChanged,
)


class Gone(Exception):
    """The client went away, was silent for too long, or takes nothing."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What comes from the client and goes to it."""

    channel: asyncssh.SSHServerProcess[bytes]
    idle_s: int

    async def incoming(self) -> AsyncIterator[bytes]:
        """What the client sends, until it closes its side.

        Raises:
            Gone.
        """
        while True:
            try:
                piece = await asyncio.wait_for(
                    self.channel.stdin.read(PIECE_BYTES), timeout=self.idle_s
                )
            except (TimeoutError, asyncssh.Error, OSError, *_INTERRUPTED) as failure:
                raise Gone from failure
            if not piece:
                return
            yield piece

    async def send(self, content: bytes) -> None:
        """Send to the client, and wait while it takes nothing.

        Raises:
            Gone.
        """
        try:
            self.channel.stdout.write(content)
            await asyncio.wait_for(self.channel.stdout.drain(), timeout=self.idle_s)
        except (TimeoutError, asyncssh.Error, OSError) as failure:
            raise Gone from failure

    def say(self, *lines: str) -> None:
        """Tell the person at the client."""
        try:
            self.channel.stderr.write("".join(f"{line}\n" for line in lines).encode())
        except (asyncssh.Error, OSError) as failure:
            raise Gone from failure
