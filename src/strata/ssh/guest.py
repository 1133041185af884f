"""One SSH connection: who it is, and for how long it may stay.

A known key is its owner. Whoever has none of the known ones is anonymous, as on the web: that is
settled only after all keys were offered, by keyboard-interactive without any question, because a
client takes the first key that is accepted and the known one may be its last. Nothing is ever
asked that somebody could type.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final

import anyio
import anyio.to_thread
import asyncssh
from typing_extensions import override

from strata.core.call import Origin, reading
from strata.core.errors import StrataError
from strata.credentials.keys.ssh import actor_for_key
from strata.ssh.asking import Caller, Process
from strata.ssh.room import Room

USER: Final = "git"
WRONG_USER: Final = "Connect as the user `git`, such as git@{host}.\n"
FULL: Final = "Too many connections. Try again in a moment."
MOST_TRIES: Final = 30  # keys that one connection may offer
MOST_SESSIONS: Final = 10  # at once over one connection


class Guest(asyncssh.SSHServer):
    """A connection; made by asyncssh for each."""

    def __init__(self, process: Process, room: Room) -> None:
        self._process = process
        self._room = room
        self._connection: asyncssh.SSHServerConnection | None = None
        self._address = ""
        self._proved: str | None = None  # what the method that succeeds has shown
        self._tries = 0
        self._running = 0
        self._idle: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._address = (conn.get_extra_info("peername") or ("",))[0]
        if not self._room.enter(self, self._address):
            conn.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, FULL)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self, self._address)
        self._settle_idle(ends=True)

    @override
    def begin_auth(self, username: str) -> bool:
        if username != USER and self._connection:
            host = self._process.hub.settings.ssh_host
            self._connection.send_auth_banner(WRONG_USER.format(host=host))
        return True

    @override
    def public_key_auth_supported(self) -> bool:
        return True

    @override
    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._tries += 1
        if username != USER or self._tries > MOST_TRIES:
            return False
        fingerprint = key.get_fingerprint()
        known = await anyio.to_thread.run_sync(
            self._known, fingerprint, limiter=self._process.limiter
        )
        # asyncssh asks once more together with the signature, and lets nobody in without it.
        self._proved = fingerprint if known else None
        return known

    @override
    def kbdint_auth_supported(self) -> bool:
        return True

    @override
    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> bool | tuple[str, str, str, list[tuple[str, bool]]]:
        self._proved = None
        return ("", "", "", []) if username == USER else False

    @override
    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self._proved = None
        return username == USER

    @override
    def auth_completed(self) -> None:
        self._settle_idle()

    def caller(self) -> Caller:
        """Whose connection it is, for the next act."""
        version = self._connection.get_extra_info("client_version", "") if self._connection else ""
        origin = Origin(
            base_url=self._process.base_url,
            ip=self._address,
            user_agent=str(version),
            request_id=uuid.uuid4().hex,
        )
        return Caller(self._process, self._proved, origin)

    def begin(self) -> bool:
        """Note that a command runs; False when there are too many."""
        if self._running >= MOST_SESSIONS:
            return False
        self._running += 1
        self._settle_idle()
        return True

    def finish(self) -> None:
        """Note that a command has ended."""
        self._running -= 1
        self._settle_idle()

    @property
    def idle(self) -> bool:
        """Whether no command runs."""
        return not self._running

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()

    def _known(self, fingerprint: str) -> bool:
        with reading(self._process.hub) as call:
            try:
                return actor_for_key(call.db, call.hub, fingerprint) is not None
            except StrataError:
                return True  # a closed account is told so by its first command

    def _settle_idle(self, *, ends: bool = False) -> None:
        """Hang up on who is logged in and does nothing."""
        if self._idle:
            self._idle.cancel()
            self._idle = None
        if not ends and not self._running:
            patience = self._process.hub.settings.ssh.idle_s
            self._idle = asyncio.get_running_loop().call_later(patience, self.close)
