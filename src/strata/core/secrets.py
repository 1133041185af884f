"""One server secret, a key for each purpose, and what is signed or hashed with them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

T = TypeVar("T")

MARK_LENGTH = 20  # bytes of the HMAC that a ticket carries
SEALED_SO = b"\x01"  # another byte when another cipher takes over
HEAD_LENGTH = 5  # bytes that say how and with which secret a text was sealed
NONCE_LENGTH = 12  # random bytes of a sealed text


@dataclass(frozen=True, slots=True)
class Secrets:
    """Derives a key per purpose, so that no signature can be used for another one.

    What is signed or sealed is so with the newest secret, and read with the former ones too, so
    that an operator can change it. What is looked up by a digest stays under one key for ever: it
    is kept in the database, sealed (`core.instance`).
    """

    root: bytes = field(repr=False)
    former: tuple[bytes, ...] = field(default=(), repr=False)  # the newest first
    lasting: bytes = field(default=b"", repr=False)  # of digests; empty: the root

    def key(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone, and stay."""
        return _derived(self.lasting or self.root, purpose)

    def digest(self, purpose: str, value: str | bytes) -> str:
        """Keyed hash of a high-entropy secret, 64 hex, to look it up without storing it."""
        raw = value.encode() if isinstance(value, str) else value
        return hmac.digest(self.key(purpose), raw, "sha256").hex()

    def sign(self, purpose: str, claims: object, *, expires: datetime) -> str:
        """A URL-safe ticket that carries `claims` (a msgspec-encodable value) until `expires`."""
        body = msgspec.msgpack.encode((int(expires.timestamp()), claims))
        return (
            base64.urlsafe_b64encode(_mark(self.root, purpose, body) + body).rstrip(b"=").decode()
        )

    def verify(self, purpose: str, ticket: str, claims_type: type[T], *, now: datetime) -> T | None:
        """Read a ticket back; None when it is forged, expired or of another shape."""
        try:
            raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        except ValueError:
            return None
        mark, body = raw[:MARK_LENGTH], raw[MARK_LENGTH:]
        roots = (self.root, *self.former)
        if not any(hmac.compare_digest(mark, _mark(root, purpose, body)) for root in roots):
            return None
        try:
            expires, claims = msgspec.msgpack.decode(
                body,
                type=tuple[int, claims_type],  # type: ignore[valid-type]  # chosen at run time
            )
        except msgspec.DecodeError:
            return None
        return claims if now.timestamp() < expires else None

    def seal(self, purpose: str, text: str) -> bytes:
        """Hide a text that must be read again, so that a copy of the database does not tell it.

        AES-256 in GCM under the purpose's key: one byte that names this way to do it, four that
        name the secret, twelve random ones, the text and its tag.
        """
        nonce = os.urandom(NONCE_LENGTH)
        hidden = _cipher(self.root, purpose).encrypt(nonce, text.encode(), purpose.encode())
        return _head(self.root) + nonce + hidden

    def unseal(self, purpose: str, sealed: bytes) -> str | None:
        """Read it back; None when it was sealed with an unknown secret, or was changed."""
        head, nonce = sealed[:HEAD_LENGTH], sealed[HEAD_LENGTH : HEAD_LENGTH + NONCE_LENGTH]
        hidden = sealed[HEAD_LENGTH + NONCE_LENGTH :]
        for root in (self.root, *self.former):
            if head == _head(root):
                with contextlib.suppress(InvalidTag, ValueError):
                    return _cipher(root, purpose).decrypt(nonce, hidden, purpose.encode()).decode()
        return None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it is sealed with the secret that is used today, in today's way."""
        return sealed[:HEAD_LENGTH] == _head(self.root)


def _mark(root: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(_derived(root, purpose), body, "sha256")[:MARK_LENGTH]


def _head(root: bytes) -> bytes:
    return SEALED_SO + _derived(root, "secret.name")[: HEAD_LENGTH - len(SEALED_SO)]


def _cipher(root: bytes, purpose: str) -> AESGCM:
    return AESGCM(_derived(root, f"{purpose}.seal"))


@lru_cache(maxsize=64)
def _derived(root: bytes, purpose: str) -> bytes:
    return hmac.digest(root, purpose.encode(), "sha256")


def load_or_create(secret_key: str, data: Path, former: Sequence[str] = ()) -> Secrets:
    """The configured secret, or one kept in the data folder, readable by its owner alone."""
    older = tuple(hashlib.sha256(one.encode()).digest() for one in former)
    if secret_key:
        return Secrets(hashlib.sha256(secret_key.encode()).digest(), older)
    path = data / "secret.key"
    if not path.exists():
        _create(path)
    return Secrets(hashlib.sha256(path.read_bytes()).digest(), older)


def _create(path: Path) -> None:
    """Write the secret whole or not at all; of two processes that try, the first one wins."""
    draft = path.with_name(f".secret-{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
