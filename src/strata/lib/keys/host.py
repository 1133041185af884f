"""The keys by which an SSH server is known: made once, kept, and shown to people."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh

from strata.lib.keys.ssh import KINDS, fingerprint_of

_MADE: Final = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256"}
_PATTERN: Final = "ssh_host_*_key"
STANDARD_PORT: Final = 22


@dataclass(frozen=True, slots=True)
class HostKey:
    """The public half of a host key."""

    algorithm: str
    encoded: str  # base64 of the wire format
    fingerprint: str  # "SHA256:…"

    @property
    def kind(self) -> str:
        return KINDS.get(self.algorithm, self.algorithm)

    def known_hosts_line(self, host: str, port: int) -> str:
        """The line by which OpenSSH knows the server."""
        place = host if port == STANDARD_PORT else f"[{host}]:{port}"
        return f"{place} {self.algorithm} {self.encoded}"


def load_or_create(folder: Path) -> list[asyncssh.SSHKey]:
    """The private keys in a folder (`ssh_host_*_key`); made there when it has none.

    Raises:
        OSError: the folder cannot be read or made.
        asyncssh.KeyImportError: a file is no private key without a passphrase.
    """
    if not any(folder.glob(_PATTERN)):
        _create(folder)
    return [asyncssh.read_private_key(path) for path in sorted(folder.glob(_PATTERN))]


def published(folder: Path) -> list[HostKey]:
    """The public halves of the keys in a folder; empty before the server has ever run."""
    return [_public(asyncssh.read_private_key(path)) for path in sorted(folder.glob(_PATTERN))]


def _public(key: asyncssh.SSHKey) -> HostKey:
    algorithm, encoded = key.export_public_key().decode().split()[:2]
    return HostKey(algorithm, encoded, fingerprint_of(key.public_data))


def _create(folder: Path) -> None:
    """Make all of them or none; of two processes that try, the first one wins."""
    draft = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700, parents=True)
    try:
        for name, algorithm in _MADE.items():
            key = asyncssh.generate_private_key(algorithm)
            _write(draft / f"ssh_host_{name}_key", key.export_private_key("openssh"), 0o600)
        _place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)  # fails when the folder is there and not empty
    except OSError:
        made: Sequence[Path] = list(folder.glob(_PATTERN))
        if made:
            return
        for path in draft.iterdir():
            path.rename(folder / path.name)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
