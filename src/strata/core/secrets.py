"""One server secret, a key for each purpose, and what is signed or hashed with them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

MARK_LENGTH = 20  # bytes of the HMAC that a ticket carries
SALT_LENGTH = 16  # random bytes of a sealed text


@dataclass(frozen=True, slots=True)
class Secrets:
    """Derives a key per purpose, so that no signature can be used for another one."""

    root: bytes

    def key(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone."""
        return _derived(self.root, purpose)

    def digest(self, purpose: str, value: str | bytes) -> str:
        """Keyed hash of a high-entropy secret, 64 hex, to look it up without storing it."""
        raw = value.encode() if isinstance(value, str) else value
        return hmac.digest(self.key(purpose), raw, "sha256").hex()

    def sign(self, purpose: str, claims: object, *, expires: datetime) -> str:
        """A URL-safe ticket that carries `claims` (a msgspec-encodable value) until `expires`."""
        body = msgspec.msgpack.encode((int(expires.timestamp()), claims))
        mark = hmac.digest(self.key(purpose), body, "sha256")[:MARK_LENGTH]
        return base64.urlsafe_b64encode(mark + body).rstrip(b"=").decode()

    def seal(self, purpose: str, text: str) -> bytes:
        """Hide a text that must be read again, so that a copy of the database does not tell it.

        16 random bytes, 20 of HMAC, and the text under a stream that SHAKE256 makes of the
        purpose's key and those random bytes (a keyed sponge; encrypt, then authenticate).
        """
        salt = os.urandom(SALT_LENGTH)
        hidden = _streamed(self.key(f"{purpose}.stream"), salt, text.encode())
        return salt + self._seal_mark(purpose, salt + hidden) + hidden

    def unseal(self, purpose: str, sealed: bytes) -> str | None:
        """Read it back; None when it was sealed with another secret key, or was changed."""
        salt, mark = sealed[:SALT_LENGTH], sealed[SALT_LENGTH : SALT_LENGTH + MARK_LENGTH]
        hidden = sealed[SALT_LENGTH + MARK_LENGTH :]
        if not hmac.compare_digest(mark, self._seal_mark(purpose, salt + hidden)):
            return None
        return _streamed(self.key(f"{purpose}.stream"), salt, hidden).decode()

    def _seal_mark(self, purpose: str, content: bytes) -> bytes:
        return hmac.digest(self.key(f"{purpose}.mark"), content, "sha256")[:MARK_LENGTH]

    def verify(self, purpose: str, ticket: str, claims_type: type[T], *, now: datetime) -> T | None:
        """Read a ticket back; None when it is forged, expired or of another shape."""
        try:
            raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        except ValueError:
            return None
        mark = hmac.digest(self.key(purpose), raw[MARK_LENGTH:], "sha256")[:MARK_LENGTH]
        if not hmac.compare_digest(mark, raw[:MARK_LENGTH]):
            return None
        try:
            expires, claims = msgspec.msgpack.decode(
                raw[MARK_LENGTH:],
                type=tuple[int, claims_type],  # type: ignore[valid-type]  # chosen at run time
            )
        except msgspec.DecodeError:
            return None
        return claims if now.timestamp() < expires else None


def _streamed(key: bytes, salt: bytes, content: bytes) -> bytes:
    """The content with a stream of its length on top; a second time takes the stream off."""
    stream = hashlib.shake_256(key + salt).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, stream, strict=True))


@lru_cache(maxsize=64)
def _derived(root: bytes, purpose: str) -> bytes:
    return hmac.digest(root, purpose.encode(), "sha256")


def load_or_create(secret_key: str, data: Path) -> Secrets:
    """The configured secret, or one kept in the data folder, readable by its owner alone."""
    if secret_key:
        return Secrets(hashlib.sha256(secret_key.encode()).digest())
    path = data / "secret.key"
    if not path.exists():
        _create(path)
    return Secrets(hashlib.sha256(path.read_bytes()).digest())


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
