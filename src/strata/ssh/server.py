"""The SSH server of one serving process.

All workers accept from one socket that was bound before they were forked, like those of the web.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import asyncssh

from strata.ssh.asking import Process
from strata.ssh.guest import Guest
from strata.ssh.room import Room
from strata.ssh.session import converse

GRACEFUL_S: Final = 30.0  # as long as running commands may take after the signal to stop
WATCH_EVERY_S: Final = 0.2
KEEP_ALIVE_S: Final = 30
MOST_SILENT: Final = 4  # unanswered questions before a connection counts as dead
_SIGNATURES: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
)
# 128 bits of security at least, no SHA-1, and what is encrypted is authenticated, not the reverse.
# The first of the exchanges withstands quantum computers, where the library has it.
_EXCHANGES: Final = (
    "*25519-sha256*,ecdh-sha2-nistp*,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512"
)
_CIPHERS: Final = "chacha20-poly1305@openssh.com,aes*-gcm@openssh.com,aes256-ctr,aes128-ctr"
_MACS: Final = "hmac-sha2-*-etm@openssh.com,umac-128-etm@openssh.com"


@dataclass(slots=True)
class SshServer:
    """Git over SSH beside the web, in its event loop."""

    process: Process
    listener: socket.socket
    host_keys: Sequence[asyncssh.SSHKey]
    _room: Room = field(init=False)
    _acceptor: asyncssh.SSHAcceptor | None = None
    _watching: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        settings = self.process.hub.settings.ssh
        self._room = Room(settings.connections, settings.connections_per_address)

    async def start(self, stopping: Callable[[], bool]) -> None:
        """Accept connections until `stopping` says so."""
        self._acceptor = await asyncssh.listen(
            sock=self.listener,
            server_factory=partial(Guest, self.process, self._room),
            process_factory=converse,
            server_host_keys=list(self.host_keys),
            config=None,
            encoding=None,
            server_version="Strata",
            login_timeout=self.process.hub.settings.ssh.login_s,
            keepalive_interval=KEEP_ALIVE_S,
            keepalive_count_max=MOST_SILENT,
            signature_algs=_SIGNATURES,
            kex_algs=_EXCHANGES,
            encryption_algs=_CIPHERS,
            mac_algs=_MACS,
            compression_algs=("none",),
            allow_pty=False,
            allow_scp=False,
            agent_forwarding=False,
            x11_forwarding=False,
            line_editor=False,
            password_auth=False,
            host_based_auth=False,
            gss_host=None,
            x509_trusted_certs=None,
        )
        self._watching = asyncio.create_task(self._watch(stopping))

    async def stop(self) -> None:
        """Let what is running come to an end, and hang up on the rest."""
        if self._watching:
            self._watching.cancel()
        self._refuse()
        deadline = asyncio.get_running_loop().time() + GRACEFUL_S
        while self._room.seated and asyncio.get_running_loop().time() < deadline:
            self._dismiss()
            await asyncio.sleep(WATCH_EVERY_S)
        for guest in tuple(self._room.seated):
            guest.close()

    async def _watch(self, stopping: Callable[[], bool]) -> None:
        """Stop to accept as soon as the web does, not only when its last request has ended."""
        while not stopping():  # noqa: ASYNC110 — a flag of the web server; nothing rings
            await asyncio.sleep(WATCH_EVERY_S)
        self._refuse()

    def _refuse(self) -> None:
        if self._acceptor:
            self._acceptor.close()
            self._acceptor = None

    def _dismiss(self) -> None:
        """Hang up on who runs no command."""
        for guest in tuple(self._room.seated):
            if guest.idle:
                guest.close()
